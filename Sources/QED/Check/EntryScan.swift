extension UnsafeBufferPointer<UInt64> {
    /// The index of the first entry other than 0 at or after `start`; `count` if there is none.
    ///
    /// Most entries of most tables are 0, so they are passed over eight at a time.
    @inline(__always)
    package func indexOfNonzero(from start: Int) -> Int {
        var index = start
        while index + 8 <= count {
            let low = self[index] | self[index + 1] | self[index + 2] | self[index + 3]
            let high = self[index + 4] | self[index + 5] | self[index + 6] | self[index + 7]
            if low | high != 0 { break }
            index += 8
        }
        while index < count, self[index] == 0 { index += 1 }
        return index
    }
}
