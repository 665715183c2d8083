import CSQLite
import Synchronization

/// Stops the statement that a connection is running. The one thing of a connection that any thread may use.
package final class Interrupter: Sendable {
    /// The connection's address, 0 once it is closed. The lock keeps it from being closed during the call.
    private let address: Mutex<UInt>

    init(connection: OpaquePointer) {
        address = Mutex(UInt(bitPattern: connection))
    }

    /// Makes the running statement fail with `ResultCode.interrupted`; without one, does nothing.
    package func interrupt() {
        address.withLock { address in
            guard let connection = OpaquePointer(bitPattern: address) else { return }
            sqlite3_interrupt(connection)
        }
    }

    /// Forgets the connection, which is about to be closed.
    func retire() {
        address.withLock { $0 = 0 }
    }
}
