import Files
import Glibc
import QED
import Repair
import Store

/// Plans as JSON (RFC 8259), for `--plan-out`.
enum PlanFile {
    /// One object: the images with their plans.
    static func text(_ images: [PlannedImage], storePath: String) -> String {
        let head = [
            "\"program\": \(JSON.string("\(Program.name) \(Program.version)"))",
            "\"host\": \(JSON.string(Host.name))", "\"store\": \(JSON.string(storePath))",
        ]
        let bodies = images.map { "  " + object($0) }.joined(separator: ",\n")
        return "{\n" + head.map { "\($0),\n" }.joined() + "\"images\": [\n\(bodies)\n]\n}\n"
    }

    /// How every plan begins.
    private static let beginning = "{\n\"program\": \"\(Program.name) "

    /// Whether a plan may be put at a path: nothing is there, or an earlier plan. A slip must not cost an image.
    static func mayReplace(_ path: RawPath) -> Bool {
        var status = stat()
        guard path.withCString({ lstat($0, &status) }) == 0 else { return true }
        let descriptor = path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: beginning.utf8.count)
        return pread(descriptor, &bytes, bytes.count, 0) == bytes.count && bytes.elementsEqual(beginning.utf8)
    }

    private static func object(_ image: PlannedImage) -> String {
        var members: [(String, String)] = [("path", JSON.string(image.path.text))]
        if !image.path.isText { members.append(("path_bytes", JSON.value(.blob(image.path.bytes)))) }
        switch image.answer {
        case .failure(let failure):
            members.append(("refusal", refusal(failure)))
        case .plan(let plan):
            members += [
                ("before", state(plan.before)), ("after", state(plan.after)),
                ("size_before", String(plan.sizeBefore)), ("size_after", String(plan.sizeAfter)),
                ("is_undoable", String(plan.isUndoable)), ("actions", array(plan.actions.map { action($0, plan) })),
                ("effects", array(plan.effects.map(effect))), ("left", array(plan.left.map(left))),
            ]
        }
        return object(members)
    }

    private static func state(_ report: CheckResult) -> String {
        object([
            ("outcome", JSON.string(report.outcome.rawValue)), ("dirty", String(report.isDirty)),
            ("corruptions", String(report.corruptions)), ("leaks", String(report.leaks)),
        ])
    }

    private static func action(_ action: RepairAction, _ plan: RepairPlan) -> String {
        object([
            ("action", JSON.string(action.rawValue)), ("loses", JSON.string(action.loss.rawValue)),
            ("entries", String(plan.changedWords(by: action))),
            ("copied_bytes", String(plan.copiedBytes(by: action))),
            ("released_bytes", String(action == .reclaimLeaks ? plan.releasedBytes : 0)),
        ])
    }

    private static func effect(_ effect: GuestEffect) -> String {
        object([
            ("kind", JSON.string(effect.kind.rawValue)), ("action", JSON.string(effect.action.rawValue)),
            ("guest_offset", String(effect.range.offset)), ("guest_length", String(effect.range.length)),
        ])
    }

    private static func left(_ left: Unrepaired) -> String {
        object([("count", String(left.count)), ("reason", JSON.string(left.reason))])
    }

    private static func refusal(_ failure: RepairFailure) -> String {
        guard case .refused(let refusal) = failure else {
            return object([("message", JSON.string(failure.description))])
        }
        return object([
            ("test", JSON.string(refusal.test.rawValue)), ("message", JSON.string(refusal.message)),
            ("advice", refusal.advice.map(JSON.string) ?? "null"),
        ])
    }

    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(JSON.string($0)): \($1)" }.joined(separator: ", ") + "}"
    }

    private static func array(_ items: [String]) -> String { "[" + items.joined(separator: ", ") + "]" }
}
