import CommandSyntax
import Testing

@testable import qedscan

@Suite struct CommandTreeTests {
    @Test func theTreeOfCommandsIsSound() {
        #expect(Program.spec.problems.isEmpty)
    }
}
