import QED

/// Checks a file.
func check(_ path: String, usesFastPass: Bool = true, limits: CheckLimits = CheckLimits()) throws -> ImageReport {
    Checker(limits: limits, usesFastPass: usesFastPass).check(try ImageFile(path: RawPath(path)))
}
