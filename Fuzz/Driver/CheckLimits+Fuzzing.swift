import QED

extension CheckLimits {
    /// Little memory and little time: hostile inputs meet both limits.
    package static var fuzzing: CheckLimits {
        CheckLimits(memory: MemoryBudget(limit: 2 << 20), baseSeconds: 1, diskBytesPerSecond: 1 << 30)
    }
}
