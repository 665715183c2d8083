import Files
import Glibc
import QED
import Repair
import Store

/// Plans as JSON (RFC 8259), for `--plan-out`.
enum PlanFile {
    /// One object: the images with their plans.
    static func text(_ images: [PlannedImage], storePath: String) -> String {
        let file = JSON.object(
            [
                ("program", JSON("\(Release.name) \(Release.version)")), ("host", JSON(Host.name)),
                ("store", JSON(storePath)), ("images", .array(images.map(object), .lines(indent: 2))),
            ], .lines(indent: 0))
        return file.text + "\n"
    }

    /// How every plan begins.
    private static let beginning = "{\n\"program\": \"\(Release.name) "

    /// Whether a plan may be written to a path: it must be free or hold an earlier plan. A typing error must not overwrite an
    /// image.
    static func mayReplace(_ path: RawPath) -> Bool {
        var status = stat()
        guard path.withCString({ lstat($0, &status) }) == 0 else { return true }
        let descriptor = path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: beginning.utf8.count)
        return pread(descriptor, &bytes, bytes.count, 0) == bytes.count && bytes.elementsEqual(beginning.utf8)
    }

    private static func object(_ image: PlannedImage) -> JSON {
        var members = [("path", JSON(image.path.text))]
        if !image.path.isText { members.append(("path_bytes", JSON(.blob(image.path.bytes)))) }
        switch image.answer {
        case .failure(let failure):
            members.append(("refusal", refusal(failure)))
        case .plan(let plan):
            members += [
                ("before", state(plan.before)), ("after", state(plan.after)), ("size_before", JSON(plan.sizeBefore)),
                ("size_after", JSON(plan.sizeAfter)), ("is_undoable", JSON(plan.isUndoable)),
                ("actions", .array(plan.actions.map { action($0, plan) })),
                ("effects", .array(plan.effects.map(effect))), ("left", .array(plan.left.map(left))),
            ]
        }
        return .object(members)
    }

    private static func state(_ report: CheckResult) -> JSON {
        .object([
            ("outcome", JSON(report.outcome.rawValue)), ("dirty", JSON(report.isDirty)),
            ("corruptions", JSON(report.corruptions)), ("leaks", JSON(report.leaks)),
        ])
    }

    private static func action(_ action: RepairAction, _ plan: RepairPlan) -> JSON {
        .object([
            ("action", JSON(action.rawValue)), ("loses", JSON(action.loss.rawValue)),
            ("entries", JSON(plan.changedWords(by: action))), ("copied_bytes", JSON(plan.copiedBytes(by: action))),
            ("released_bytes", JSON(action == .reclaimLeaks ? plan.releasedBytes : 0)),
        ])
    }

    private static func effect(_ effect: GuestEffect) -> JSON {
        .object([
            ("kind", JSON(effect.kind.rawValue)), ("action", JSON(effect.action.rawValue)),
            ("guest_offset", JSON(effect.range.offset)), ("guest_length", JSON(effect.range.length)),
        ])
    }

    private static func left(_ left: Unrepaired) -> JSON {
        .object([("count", JSON(left.count)), ("reason", JSON(left.reason))])
    }

    private static func refusal(_ failure: RepairFailure) -> JSON {
        guard case .refused(let refusal) = failure else { return .object([("message", JSON(failure.description))]) }
        return .object([
            ("test", JSON(refusal.test.rawValue)), ("message", JSON(refusal.message)),
            ("advice", refusal.advice.map { JSON($0) } ?? .null),
        ])
    }
}
