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

/// Says on standard error how far a scan has come: in one line that stays, or once when asked.
final class ProgressLine: Sendable {
    /// Images named in a line.
    private static let namedImages = 8

    private let progress: ProgressCounter
    private let expectedImages: Int?
    private let isShown: Bool
    /// Writes the lines one after the other.
    private let queue = DispatchQueue(label: "qedscan.progress")
    private let timer = Locked<(any DispatchSourceTimer)?>(nil)
    private let began = Clock.wall.now

    /// - Parameter expectedImages: how many images there may be, for the time left; nil if nobody knows.
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

    /// Writes one line that stays, with the images under way.
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
