import QED

/// A use as a map in a terminal shows it.
protocol MappedUse: ClusterUse {
    /// Tells it from the others of its strip without any colour.
    var letter: Character { get }
    var tone: MapTone { get }
}

/// What the colours of a map mean.
enum MapTone {
    case damage, waste, structure, data, nothing

    func paint(_ text: String, _ palette: Palette) -> String {
        switch self {
        case .damage: palette.bad(text)
        case .waste: palette.warning(text)
        case .structure: palette.structure(text)
        case .data: palette.good(text)
        case .nothing: palette.faint(text)
        }
    }
}

extension FileUse: MappedUse {
    var letter: Character {
        switch self {
        case .shared: "S"
        case .leaked: "L"
        case .unknown: "?"
        case .partialTail: "P"
        case .header: "H"
        case .l1Table: "1"
        case .l2Table: "2"
        case .data: "D"
        case .hole: "o"
        }
    }

    var tone: MapTone {
        switch self {
        case .shared: .damage
        case .leaked, .unknown, .partialTail: .waste
        case .header, .l1Table, .l2Table: .structure
        case .data: .data
        case .hole: .nothing
        }
    }
}

extension GuestUse: MappedUse {
    var letter: Character {
        switch self {
        case .invalid: "X"
        case .unread: "?"
        case .shared: "S"
        case .allocated: "D"
        case .zero: "0"
        case .unallocated: "."
        }
    }

    var tone: MapTone {
        switch self {
        case .invalid, .shared: .damage
        case .unread: .waste
        case .allocated: .data
        case .zero, .unallocated: .nothing
        }
    }
}
