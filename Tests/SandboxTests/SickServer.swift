import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server that takes calls and does not end its answers; on a real port.
final class SickServer: Sendable {
    enum Sickness: Sendable, CaseIterable {
        /// A head that promises a hundred bytes, and none of them.
        case headOnly
        /// One byte a second.
        case drip
        /// A body without an end, as fast as it is taken.
        case endless
        /// Takes connections and bytes and says nothing, as a dead TLS endpoint does.
        case mute
    }

    private let state = Mutex<(sickness: Sickness?, open: Int, calls: Int)>((nil, 0, 0))
    /// Rings when a call came or a connection closed; one who waits at a time.
    private let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(_ sickness: Sickness?) { state.withLock { $0.sickness = sickness } }

    /// Connections that wait for the rest of an answer, or of a handshake; idle ones of a pool are none of them.
    var open: Int { state.withLock { $0.open } }
    /// Whole requests that came.
    var calls: Int { state.withLock { $0.calls } }

    /// Nil: it is well from the next call on.
    func become(_ sickness: Sickness?) { state.withLock { $0.sickness = sickness } }

    fileprivate var sickness: Sickness? { state.withLock { $0.sickness } }

    fileprivate func countCall() {
        state.withLock { $0.calls += 1 }
        bell.yield()
    }

    /// Counts a connection as open until it is closed.
    fileprivate func hold(_ channel: any Channel) {
        state.withLock { $0.open += 1 }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { $0.open -= 1 }
            self.bell.yield()
        }
    }

    func run(_ test: (_ port: Int) async throws -> Void) async throws {
        let isMute = sickness == .mute
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isMute {
                        self.hold(channel)
                    } else {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                            withPipeliningAssistance: false, withErrorHandling: false)
                        try channel.pipeline.syncOperations.addHandler(SickAnswer(server: self))
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await test(channel.localAddress?.port ?? 0)
        } catch {
            try? await channel.close()
            throw error
        }
        try await channel.close()
    }

    /// Waits until every such connection is closed; the suite's limit of time ends it.
    func closed() async { await wait { $0.open == 0 } }

    /// Waits until a whole request has come.
    func called() async { await wait { $0.calls > 0 } }

    private func wait(until holds: (SickServer) -> Bool) async {
        if holds(self) { return }
        for await _ in bells where holds(self) { return }
    }
}

/// Answers one connection as the server's sickness says.
private final class SickAnswer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: SickServer

    init(server: SickServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        server.countCall()
        if server.sickness != nil { server.hold(context.channel) }
        let well = #"{"message_id":"m_1","status":"delivered","id":"p1"}"#
        var headers = HTTPHeaders([("content-type", "application/json")])
        switch server.sickness {
        case .headOnly, .mute: headers.add(name: "content-length", value: "100")
        case .drip: headers.add(name: "content-length", value: "100000")
        case .endless: headers.add(name: "transfer-encoding", value: "chunked")
        case nil: headers.add(name: "content-length", value: "\(well.utf8.count)")
        }
        write(.head(.init(version: .http1_1, status: .ok, headers: headers)), context)
        switch server.sickness {
        case .headOnly, .mute: break
        case .drip: write(" ", every: .seconds(1), context)
        case .endless: write(String(repeating: " ", count: 16 << 10), every: .milliseconds(20), context)
        case nil:
            write(.body(.byteBuffer(ByteBuffer(string: well))), context)
            write(.end(nil), context)
        }
    }

    private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(part), promise: nil)
    }

    private func write(_ text: String, every pause: TimeAmount, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { task in
            let (handler, context) = bound.value
            guard context.channel.isActive else { return task.cancel() }
            guard context.channel.isWritable else { return }
            handler.write(.body(.byteBuffer(ByteBuffer(string: text))), context)
        }
    }
}
