import AsyncHTTPClient
import NIOCore
import Synchronization

/// What the roles' own `/metrics` tell, read twice a second: refused commits of the workers, spooled events of ingress.
final class RoleFigures: Sendable {
    private struct State {
        var lastRefused: [String: Double] = [:]
        var refused = 0.0
        var spooled = 0.0
        var mostSpooled = 0.0
    }

    private let workers: [String]
    private let ingress: String
    private let state = Mutex(State())

    /// - Parameters:
    ///   - workers: the roots of their URLs.
    ///   - ingress: the root of its URL.
    init(workers: [String], ingress: String) {
        self.workers = workers
        self.ingress = ingress
    }

    /// A killed worker takes with it what it counted since the last reading, so this is a lower bound.
    var refused: Int { Int(state.withLock { $0.refused }) }

    /// Events that lay on disk at the last reading. Ingress itself looks once a second.
    var spooled: Int { Int(state.withLock { $0.spooled }) }

    /// The most of all readings.
    var mostSpooled: Int { Int(state.withLock { $0.mostSpooled }) }

    /// Until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            for url in workers {
                if let value = await read(url, "nightshift_commits_refused_total") { noteRefused(url, value) }
            }
            if let value = await read(ingress, "nightshift_spooled_events") {
                state.withLock { state in
                    state.spooled = value
                    state.mostSpooled = max(state.mostSpooled, value)
                }
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private func noteRefused(_ url: String, _ value: Double) {
        state.withLock { state in
            let last = state.lastRefused[url] ?? 0
            // A lower figure is another process's, which began at zero.
            state.refused += value >= last ? value - last : value
            state.lastRefused[url] = value
        }
    }

    /// The sum of a metric's samples; nil from a role that is dead, stopped or young.
    private func read(_ url: String, _ name: String) async -> Double? {
        let request = HTTPClientRequest(url: url + "/metrics")
        guard let response = try? await HTTPClient.shared.execute(request, timeout: .milliseconds(500)),
            let body = try? await response.body.collect(upTo: 1 << 20)
        else { return nil }
        return String(buffer: body).split(separator: "\n").filter { $0.hasPrefix(name) }.reduce(0.0) {
            $0 + ($1.split(separator: " ").last.flatMap { Double($0) } ?? 0)
        }
    }
}
