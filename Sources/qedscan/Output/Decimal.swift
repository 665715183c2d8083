import Glibc

/// Decimal numbers with a fixed number of places, as printf(3) rounds them.
enum Decimal {
    static func text(_ value: Double, places: Int32) -> String {
        withVaList([places, value]) { arguments in
            var buffer = [CChar](repeating: 0, count: 400)
            vsnprintf(&buffer, buffer.count, "%.*f", arguments)
            return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
