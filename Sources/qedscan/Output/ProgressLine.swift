import Dispatch
import Glibc
import PoolScan
import ReportStore

/// When to show progress.
enum ProgressChoice: String, CaseIterable {
    case auto, always, never
}

/// One line on standard error that says how far a scan has come.
final class ProgressLine {
    private let progress: Progress
    private let expectedImages: Int
    private let isShown: Bool
    private var timer: (any DispatchSourceTimer)?
    private let began = Timestamp.nanosecondsNow()

    /// - Parameter expectedImages: how many images there may be, for the time left; 0 if nobody knows.
    init(_ progress: Progress, expectedImages: Int, choice: ProgressChoice, isQuiet: Bool) {
        self.progress = progress
        self.expectedImages = expectedImages
        isShown =
            switch choice {
            case .always: true
            case .never: false
            case .auto: Diagnostic.isTerminal && !isQuiet && Diagnostic.format == .text
            }
    }

    func start() {
        guard isShown else { return }
        let (progress, expectedImages, began) = (progress, expectedImages, began)
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "qedscan.progress"))
        timer.setEventHandler {
            let seconds = Double(Timestamp.nanosecondsNow() - began) / 1e9
            Diagnostic.write("\r\u{1B}[K" + ProgressLine.text(progress, expectedImages, seconds: seconds))
        }
        timer.schedule(deadline: .now() + .milliseconds(300), repeating: .milliseconds(250))
        timer.resume()
        self.timer = timer
    }

    func stop() {
        guard let timer else { return }
        timer.cancel()
        Diagnostic.write("\r\u{1B}[K")
    }

    private static func text(_ progress: Progress, _ expectedImages: Int, seconds: Double) -> String {
        let images = progress.images
        let rate = Double(images) / max(seconds, 0.001)
        var text = "\(images) images, \(Int(rate))/s, \(progress.files) files, \(progress.problems) problems"
        if expectedImages > images, rate > 0 {
            text += ", \(duration(Double(expectedImages - images) / rate)) left"
        }
        return text
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded(.up))
        if whole < 90 { return "\(whole) s" }
        return whole < 5400 ? "\((whole + 59) / 60) min" : "\((whole + 3599) / 3600) h"
    }
}
