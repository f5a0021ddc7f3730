import AsyncHTTPClient
import NIOCore
import Synchronization

/// Refused commits as the workers' own `/metrics` tell them, read twice a second.
///
/// A killed worker takes with it what it counted since the last reading, so the sum is a lower bound.
final class RefusalCount: Sendable {
    private static let name = "nightshift_commits_refused_total"
    private let ports: [Int]
    private let state = Mutex<(last: [Int: Double], sum: Double)>(([:], 0))

    init(ports: [Int]) { self.ports = ports }

    var sum: Int { Int(state.withLock { $0.sum }) }

    /// Until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            for port in ports { await read(port) }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private func read(_ port: Int) async {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/metrics")
        // A worker that is dead, stopped or young has nothing to say now.
        guard let response = try? await HTTPClient.shared.execute(request, timeout: .milliseconds(500)),
            let body = try? await response.body.collect(upTo: 1 << 20)
        else { return }
        let value = String(buffer: body).split(separator: "\n").filter { $0.hasPrefix(Self.name) }.reduce(0.0) {
            $0 + ($1.split(separator: " ").last.flatMap { Double($0) } ?? 0)
        }
        state.withLock { state in
            let last = state.last[port] ?? 0
            // A lower figure is another process's, which began at zero.
            state.sum += value >= last ? value - last : value
            state.last[port] = value
        }
    }
}
