import PoolScan
import Store

/// How fast a scan goes, and how long it may still take.
struct Pace {
    let images: Int
    /// nil if nobody knows.
    let expectedImages: Int?
    /// Since the scan began.
    let seconds: Double

    /// Images per second.
    var rate: Double { Double(images) / max(seconds, 0.001) }

    /// nil if nobody knows.
    var secondsLeft: Double? {
        guard let expectedImages, expectedImages > images, rate > 0 else { return nil }
        return Double(expectedImages - images) / rate
    }

    /// `512 images of about 2000, 12/s, 600 files, 3 problems, 40 min left`.
    func text(files: Int, problems: Int) -> String {
        let ofExpected = expectedImages.map { $0 > images ? " of about \($0)" : "" } ?? ""
        let left = secondsLeft.map { ", \(Pace.duration($0)) left" } ?? ""
        return "\(images) images\(ofExpected), \(Int(rate))/s, \(files) files, \(problems) problems\(left)"
    }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e9).rounded(.up))
        if whole < 90 { return "\(whole) s" }
        return whole < 5400 ? "\((whole + 59) / 60) min" : "\((whole + 3599) / 3600) h"
    }
}
