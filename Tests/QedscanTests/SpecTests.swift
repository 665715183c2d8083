import CommandSyntax
import Testing

@testable import qedscan

@Suite struct SpecTests {
    @Test func theTreeOfCommandsIsSound() {
        #expect(Program.spec.problems.isEmpty)
    }
}
