import Files
import QED

/// Checks a file.
func check(_ path: String, usesFastPass: Bool = true, limits: CheckLimits = CheckLimits()) throws -> CheckResult {
    Checker(limits: limits, usesFastPass: usesFastPass).check(try ImageFile(path: RawPath(path)))
}
