import Foundation
import Glibc
import TestSupport

// qedsoak QEDSCAN MINUTES [SEED]: the table goes to standard output, and with $QEDSCAN_SOAK_TABLE to that file.
let words = CommandLine.arguments
guard words.count >= 3, let minutes = Double(words[2]), minutes > 0 else {
    print("usage: \(words[0]) QEDSCAN MINUTES [SEED]")
    exit(2)
}
signal(SIGPIPE, SIG_IGN)
let seed = words.count > 3 ? UInt64(words[3]) ?? 0 : UInt64.random(in: 0...UInt64(UInt32.max))
do {
    let soak = try Soak(qedscan: words[1], seconds: minutes * 60, seed: seed)
    say("\(minutes) minutes, seed \(seed), in \(soak.site.directory)")
    do {
        try soak.run()
    } catch {
        soak.site.violation(.process, nil, "the soak could not go on: \(error)")
    }
    let table = soak.table()
    print("\n" + table)
    if let path = ProcessInfo.processInfo.environment["QEDSCAN_SOAK_TABLE"] {
        try table.write(toFile: path, atomically: true, encoding: .utf8)
    }
    try soak.clean()
    exit(soak.site.ledger.violations.isEmpty ? 0 : 1)
} catch {
    print("no soak: \(error)")
    exit(2)
}
