import Files
import QED

/// An image with a result from an earlier scan that may still hold.
package struct KnownImage: Sendable {
    /// The store's number of the image.
    package let imageID: Int64
    package let path: PathHash
    package let identity: FileIdentity
    package let outcome: Outcome
    package let isDirty: Bool
    /// The backing file that the image's header names. The header has not changed, but the backing file may have.
    package let reference: BackingReference?

    package init(
        imageID: Int64, path: PathHash, identity: FileIdentity, outcome: Outcome, isDirty: Bool,
        reference: BackingReference? = nil
    ) {
        self.imageID = imageID
        self.path = path
        self.identity = identity
        self.outcome = outcome
        self.isDirty = isDirty
        self.reference = reference
    }
}

/// An image that has not changed since an earlier result.
package struct ReusedImage: Sendable {
    /// The store's number of the image.
    package let imageID: Int64
    package let outcome: Outcome
    package let isDirty: Bool
    /// What this scan found of the backing file.
    package let backing: ImageBacking

    package init(imageID: Int64, outcome: Outcome, isDirty: Bool, backing: ImageBacking = .unknown) {
        self.imageID = imageID
        self.outcome = outcome
        self.isDirty = isDirty
        self.backing = backing
    }
}
