import Lab
import QED

/// An image with a known defect, and what the specification says of it. The expectations are written by hand.
package struct CorpusCase: Sendable {
    /// What is wrong, and on which image.
    package let name: String
    package let plan: ImagePlan
    package let edits: [ImageEdit]
    package let expected: Expectation

    /// Makes the image.
    package func write(to path: String) throws(LabError) {
        try ImageWriter(plan).write(to: path)
        let editor = try ImageEditor(path: path)
        for edit in edits { try edit.apply(to: editor) }
    }
}

extension CorpusCase: CustomStringConvertible {
    package var description: String { name }
}

extension CorpusCase {
    /// Every case there is.
    package static let all: [CorpusCase] =
        headerCases + headerNoticeCases + l1Cases + overlapCases + l2Cases + sharedCases + leakCases + noticeCases
        + soundCases
}

/// What the check of an image must give.
package struct Expectation: Sendable {
    package var outcome = Outcome.clean
    package var leaks: UInt64 = 0
    package var corruptions: UInt64 = 0
    package var allocated: UInt64 = 0
    package var zero: UInt64 = 0
    /// nil where it depends on a seed.
    package var fragmented: UInt64? = 0
    /// nil without a valid header.
    package var total: UInt64?
    package var isDirty = false
    package var findings: [ExpectedFinding] = []
}

/// A finding without its suppressed count.
package struct ExpectedFinding: Hashable, Sendable {
    package let kind: FindingKind
    package var place: TableIndex?
    package var value: UInt64?
    /// Bytes from the start of the file.
    package let offset: UInt64
    package let count: UInt64
    package var guest: GuestRange?
    package var owner: ClusterOwner?

    package init(
        _ kind: FindingKind, _ place: TableIndex? = nil, value: UInt64? = nil, at offset: UInt64, count: UInt64,
        guest: GuestRange? = nil, owner: ClusterOwner? = nil
    ) {
        self.kind = kind
        self.place = place
        self.value = value
        self.offset = offset
        self.count = count
        self.guest = guest
        self.owner = owner
    }

    /// The same facts of a finding that the check gave.
    package init(_ finding: Finding) {
        self.init(
            finding.kind, finding.place, value: finding.entryValue, at: finding.fileOffset.rawValue,
            count: finding.clusterCount, guest: finding.guestRange, owner: finding.otherOwner)
    }
}

extension ExpectedFinding: CustomStringConvertible {
    package var description: String {
        var text = "\(kind.rawValue) at \(offset) x\(count)"
        if let place { text += " l1[\(place.l1Index)]" + (place.l2Index.map { " l2[\($0)]" } ?? "") }
        if let value { text += " value \(value)" }
        if let guest { text += " guest \(guest.offset)+\(guest.length)" }
        if let owner { text += " owner \(owner)" }
        return text
    }
}
