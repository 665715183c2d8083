import Foundation
import TestSupport
import Testing

@testable import qedscan

/// What is installed, and that its parts fit together.
@Suite(.endsInTime) struct InstallTests {
    @Test func everythingIsInItsPlace() async throws {
        let installation = try await Installation()
        let files = try installation.files()
        for file in [
            "bin/qedscan", "etc/qedscan", "lib/systemd/system/qedscan-mail@.service",
            "lib/systemd/system/qedscan-scan@.service", "lib/systemd/system/qedscan-scan@.timer",
            "lib/sysusers.d/qedscan.conf", "lib/tmpfiles.d/qedscan.conf", "libexec/qedscan/mail-failure",
            "libexec/qedscan/silence-is-success", "share/bash-completion/completions/qedscan",
            "share/doc/qedscan/CHANGELOG.md", "share/doc/qedscan/LICENSE", "share/doc/qedscan/README.md",
            "share/doc/qedscan/SECURITY.md", "share/doc/qedscan/docs/architecture.md",
            "share/doc/qedscan/docs/fleet.md", "share/doc/qedscan/docs/monitoring.md",
            "share/doc/qedscan/docs/qemu-img.md", "share/doc/qedscan/docs/repair.md",
            "share/doc/qedscan/docs/scanning.md", "share/doc/qedscan/docs/scheduling.md",
            "share/doc/qedscan/docs/sql.md", "share/doc/qedscan/docs/store.md",
            "share/doc/qedscan/examples/POOL.conf", "share/doc/qedscan/examples/cron/qedscan",
            "share/doc/qedscan/examples/reports/damaged.sql", "share/fish/vendor_completions.d/qedscan.fish",
            "share/man/man1/qedscan.1", "share/zsh/site-functions/_qedscan",
        ] {
            #expect(FileManager.default.fileExists(atPath: installation.file(file)), "\(file)")
        }
        for file in files where file != "bin/qedscan" {
            let text = try installation.text(file)
            #expect(!text.isEmpty, "\(file) is empty")
            #expect(text.firstMatch(of: /@[a-z]+dir@/) == nil, "\(file) has a name in the place of a path")
        }
        #expect(try await installation.tool("bin/qedscan").run(["version"]).status == 0)
    }

    @Test func allDocumentationIsInstalled() async throws {
        let docs = try Installation.files(in: Checkout.url("docs").path)
        #expect(docs.filter { $0.hasSuffix(".md") }.count == 9)
        let installation = try await Installation()
        #expect(try Installation.files(in: installation.file("share/doc/qedscan/docs")) == docs)
    }

    @Test func stagingPutsTheSameFilesBelowAnotherDirectory() async throws {
        let stage = try TemporaryDirectory()
        try await Installation.install(["PREFIX": "/usr", "DESTDIR": stage.path])
        let installation = try await Installation()
        #expect(try Installation.files(in: stage.file("usr")) == installation.files())
        #expect(FileManager.default.fileExists(atPath: stage.file("etc/qedscan")))
        for file in try Installation.files(in: stage.path) where !file.hasSuffix("bin/qedscan") {
            let text = try String(contentsOfFile: stage.file(file), encoding: .utf8)
            #expect(!text.contains(stage.path), "\(file) names the directory that it was staged in")
        }
    }

    @Test(arguments: [
        "packaging/install.sh", "packaging/build-deb.sh", "packaging/try-in-debootstrap.sh",
        "packaging/libexec/mail-failure", "packaging/libexec/silence-is-success", "packaging/debian/qedscan.postinst",
        "packaging/debian/qedscan.postrm", "packaging/debian/qedscan.prerm",
    ]) func scriptsAreWellFormed(_ name: String) async throws {
        let path = Checkout.url(name).path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let shell = try #require(Tool(text.hasPrefix("#!/bin/bash\n") ? "bash" : "sh"))
        #expect(text.hasPrefix("#!/bin/"))
        let result = try await shell.run(["-n", path])
        #expect((result.status, result.errors) == (0, ""))
    }

    @Test func packageHasTheVersionOfTheProgram() throws {
        let changelog = Checkout.url("packaging/debian/changelog")
        let head = try String(contentsOf: changelog, encoding: .utf8).prefix { $0 != "\n" }
        #expect(head.hasPrefix("qedscan (\(Program.version)-"), "\(head)")
    }
}
