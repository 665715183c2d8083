import Foundation
import Glibc

/// Somebody who does things to the pool, again and again, on a separate thread.
protocol Actor {
    var name: String { get }
    var site: Site { get }

    mutating func act() throws
}

extension Actor {
    /// Acts until the soak is over.
    mutating func actUntilTheEnd() {
        while !site.isOver {
            do {
                try act()
            } catch {
                site.violation(.process, nil, "\(name) could not go on: \(error)")
            }
            usleep(1000)
        }
    }
}
