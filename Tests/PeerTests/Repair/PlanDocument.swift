import Foundation

/// What `qedscan repair --plan-out` writes.
struct PlanDocument: Decodable, Sendable {
    let images: [Image]

    struct Image: Decodable, Sendable {
        let path: String
        /// nil if the image was refused.
        let plan: Plan?

        private enum CodingKeys: String, CodingKey { case path, refusal }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            path = try members.decode(String.self, forKey: .path)
            plan = members.contains(.refusal) ? nil : try Plan(from: decoder)
        }
    }

    struct Plan: Decodable, Sendable {
        let before: State
        let after: State
        let actions: [Action]
        let effects: [Effect]
        let left: [Left]

        /// The names of the actions.
        var actionNames: Set<String> { Set(actions.map(\.action)) }
    }

    struct State: Decodable, Sendable {
        let outcome: String
        let dirty: Bool
        let corruptions: UInt64
        let leaks: UInt64
    }

    struct Action: Decodable, Sendable {
        let action: String
    }

    struct Left: Decodable, Sendable {
        let count: UInt64
        let reason: String
    }

    /// Guest bytes that will read differently.
    struct Effect: Decodable, Sendable {
        let kind: String
        let offset: UInt64
        let length: UInt64

        private enum CodingKeys: String, CodingKey {
            case kind
            case offset = "guest_offset"
            case length = "guest_length"
        }

        var range: Range<UInt64> { offset..<offset + length }
    }
}
