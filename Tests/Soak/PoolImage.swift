import Files
import Lab
import QED

/// An image of the pool, as the soak knows it. Only who has taken it from the `ImageSet` changes it or opens it for
/// writing; scans and repairs do as they like.
final class PoolImage: Sendable {
    /// What happens to it. It begins the file's name, so that what the store says can be judged by the name alone.
    enum Kind: String, Sendable {
        /// Never damaged: guests are killed, clusters leaked, dirty bits left. Its guest must find everything.
        case sound
        /// Damaged in every way.
        case scarred
        /// A backing file: nobody writes to it.
        case base
    }

    struct State: Sendable {
        var path: String
        /// nil if nothing is known of it any more.
        var disk: GuestDisk?
        /// Another name of the file.
        var link: String?
        var backing: String?
        /// The last things that were done to it, for who looks into a violation.
        var history: [String] = []
    }

    let kind: Kind
    private let content: Locked<State>

    init(kind: Kind, path: String, disk: GuestDisk?, backing: String? = nil) {
        self.kind = kind
        content = Locked(State(path: path, disk: disk, backing: backing))
    }

    var state: State { content.withLock { $0 } }
    var path: String { state.path }
    var disk: GuestDisk? { state.disk }

    func note(_ event: String) {
        let line = "\(Timestamp.text(.now)) \(event)"
        content.withLock {
            $0.history.append(line)
            if $0.history.count > 400 { $0.history.removeFirst(200) }
        }
    }

    func change(_ body: (inout State) -> Void) { content.withLock { body(&$0) } }
}

/// The images, and which of them somebody in the soak works on.
final class ImageSet: Sendable {
    private struct Content {
        var images: [PoolImage] = []
        var taken: Set<ObjectIdentifier> = []
        /// A repair of it is about to start: guests want it then.
        var contested: PoolImage?
        var names = 0
    }

    private let content = Locked(Content())

    var images: [PoolImage] { content.withLock { $0.images } }

    func add(_ image: PoolImage) { content.withLock { $0.images.append(image) } }

    /// Forgets an image that the caller has taken.
    func remove(_ image: PoolImage) {
        content.withLock {
            $0.images.removeAll { $0 === image }
            $0.taken.remove(ObjectIdentifier(image))
        }
    }

    /// Takes a random image of a kind that nobody has; nil if there is none.
    func take(_ kind: PoolImage.Kind, using random: inout SeededRandom) -> PoolImage? {
        let roll = random.next()
        return content.withLock { content in
            let free = content.images.filter { $0.kind == kind && !content.taken.contains(ObjectIdentifier($0)) }
            guard !free.isEmpty else { return nil }
            let image = free[Int(roll % UInt64(free.count))]
            content.taken.insert(ObjectIdentifier(image))
            return image
        }
    }

    func release(_ image: PoolImage) { content.withLock { _ = $0.taken.remove(ObjectIdentifier(image)) } }

    /// Lets guests know of an image that is about to be repaired.
    func contest(_ image: PoolImage?) { content.withLock { $0.contested = image } }

    var hasContested: Bool { content.withLock { $0.contested != nil } }

    /// Takes the contested image, if there is one that nobody has.
    func takeContested() -> PoolImage? {
        content.withLock { content in
            guard let image = content.contested, content.images.contains(where: { $0 === image }),
                !content.taken.contains(ObjectIdentifier(image))
            else { return nil }
            content.taken.insert(ObjectIdentifier(image))
            return image
        }
    }

    /// A name that no image has had.
    func newName(_ kind: PoolImage.Kind) -> String {
        content.withLock {
            $0.names += 1
            return "\(kind.rawValue)-\($0.names).qed"
        }
    }
}
