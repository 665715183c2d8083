/// What a merge added.
package struct MergeCounts: Sendable, Equatable {
    package var scans = 0
    package var images = 0
    package var results = 0
    package var findings = 0
    package var repairs = 0

    package init() {}

    package var isEmpty: Bool { self == MergeCounts() }
}
