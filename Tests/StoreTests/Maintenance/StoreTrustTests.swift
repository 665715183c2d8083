import Glibc
import TestSupport
import Testing

@testable import Store

@Suite struct StoreTrustTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        chmod(fixture.directory.path, 0o755)
        try fixture.scan { _ in }
    }

    @Test func theServicesUserIsTrusted() throws {
        guard geteuid() == 0 else {
            print("skipped: only root can give files away")
            return
        }
        try #require(chown(fixture.path, 4242, 4242) == 0)
        #expect(throws: StoreError.self) { try StoreTrust().confirm(fixture.path) }
        #expect(try StoreTrust(users: [0, 4242]).confirm(fixture.path) == fixture.path)
    }

    @Test func thePathComesBackWithoutLinks() throws {
        let link = fixture.directory.file("link")
        try #require(symlink(".", link) == 0)
        #expect(try StoreTrust().confirm("\(link)/store.db") == fixture.path)
    }
}
