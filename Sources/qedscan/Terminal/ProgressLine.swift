import CommandSyntax
import Dispatch
import Files
import Glibc
import PoolScan
import Store

/// When to show progress.
enum ProgressChoice: String, CaseIterable {
    case auto, always, never
}

/// Prints the progress of a scan on standard error: in one line that is updated, or once when asked.
final class ProgressLine: Sendable {
    /// The most images that are named in a line.
    private static let namedImages = 8

    private let progress: ProgressCounter
    private let expectedImages: Int?
    private let isShown: Bool
    /// Keeps the lines from mixing.
    private let queue = DispatchQueue(label: "qedscan.progress")
    private let timer = Locked<(any DispatchSourceTimer)?>(nil)
    private let began = Clock.wall.now

    /// - Parameter expectedImages: how many images there may be, for the remaining time; nil if unknown.
    init(_ progress: ProgressCounter, expectedImages: Int?, choice: ProgressChoice, isQuiet: Bool) {
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
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [self] in Diagnostic.write("\r\u{1B}[K" + text) }
        timer.schedule(deadline: .now() + .milliseconds(300), repeating: .milliseconds(250))
        timer.resume()
        self.timer.withLock { $0 = timer }
    }

    func stop() {
        let timer = timer.withLock { timer in
            defer { timer = nil }
            return timer
        }
        guard let timer else { return }
        timer.cancel()
        Diagnostic.write("\r\u{1B}[K")
    }

    /// Prints a line that stays, with the images that are being checked.
    func report() {
        queue.async { [self] in Diagnostic.write((isShown ? "\r\u{1B}[K" : "") + text + currentText + "\n") }
    }

    private var text: String {
        let seconds = Double(Clock.wall.now - began) / 1e9
        return Pace(images: progress.images, expectedImages: expectedImages, seconds: seconds)
            .text(files: progress.files, problems: progress.problems)
    }

    private var currentText: String {
        let (images, now) = (progress.currentImages, Clock.wall.now)
        guard !images.isEmpty else { return "" }
        let named = images.prefix(ProgressLine.namedImages).map { image in
            "\(PrintableText.escaping(image.path.bytes)) (\(Pace.duration(Double(now - image.since) / 1e9)))"
        }
        let more = images.count > named.count ? " and \(images.count - named.count) more" : ""
        return "; checking " + named.joined(separator: ", ") + more
    }
}

/// SIGUSR1 asks for the progress of a scan.
final class ProgressSignal: Sendable {
    /// Only kept alive here; Dispatch calls it.
    nonisolated(unsafe) private let source: any DispatchSourceSignal

    /// - Parameter answer: called for each signal, on a private queue.
    init(_ answer: @escaping @Sendable () -> Void) {
        ProgressSignal.ignore()
        source = DispatchSource.makeSignalSource(
            signal: SIGUSR1, queue: DispatchQueue(label: "qedscan.progress-signal"))
        source.setEventHandler(handler: DispatchWorkItem(block: answer))
        source.resume()
    }

    deinit { source.cancel() }

    /// Ignores the signal, which would otherwise end the program.
    static func ignore() { signal(SIGUSR1, SIG_IGN) }
}

/// How fast a scan is, and how long it may still take.
struct Pace {
    let images: Int
    /// nil if unknown.
    let expectedImages: Int?
    /// Since the scan began.
    let seconds: Double

    /// Images per second.
    var rate: Double { Double(images) / max(seconds, 0.001) }

    /// nil if unknown.
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
