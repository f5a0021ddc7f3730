internal import Instants
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import Settings

/// Gives one mail to its server over a connection of its own. Notices are few; a kept connection would be one that is dead
/// when it is wanted.
struct MailSubmission: Sendable {
    let route: MailRoute
    /// In the order in which they are tried.
    let passwords: [String]
    private static let longestConnect = Duration.seconds(5)

    /// - Parameters:
    ///   - passwords: newest first.
    ///   - attempt: from 1. Each begins with the next password, since many servers end the connection at a wrong one.
    init(route: MailRoute, passwords: [String], attempt: Int = 1) {
        self.route = route
        let first = passwords.isEmpty ? 0 : max(0, attempt - 1) % passwords.count
        self.passwords = Array(passwords[first...] + passwords[..<first])
    }

    /// Returns within `patience`, whatever the network does.
    func send(_ message: MailMessage, within patience: Duration) async -> MailEnd {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let ended = loop.makePromise(of: MailEnd.self)
        let limit = TimeAmount.milliseconds(max(1, patience.wholeMilliseconds))
        let security: NIOSSLContext?
        do {
            security = route.security == .none ? nil : try NIOSSLContext(configuration: tls())
        } catch {
            let came = route.trust == nil ? "none that TLS can be set up with" : "a file of `trust` that cannot be read"
            ended.succeed(.later(code: 0, "expected root certificates, got \(came)"))
            return await Self.end(of: ended)
        }
        do {
            let deadline = NIODeadline.now() + limit
            let channel = try await ClientBootstrap(group: loop)
                .connectTimeout(min(limit, .milliseconds(Self.longestConnect.wholeMilliseconds)))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let security, route.security == .tls {
                            try channel.pipeline.syncOperations.addHandler(secure(security))
                        }
                        let dialogue = SMTPDialogue(message, route: route, passwords: passwords)
                        try channel.pipeline.syncOperations.addHandler(
                            SMTPHandler(dialogue, deadline: deadline, ended: ended) { try security.map(secure) })
                    }
                }
                .connect(host: route.host, port: route.port).get()
            // Whatever closes it ends the talk, which keeps the promise.
            channel.closeFuture.whenComplete { _ in ended.succeed(.later(code: 0, "the connection was closed")) }
        } catch {
            ended.succeed(.later(code: 0, "the mail server could not be reached"))
        }
        return await Self.end(of: ended)
    }

    private static func end(of ended: EventLoopPromise<MailEnd>) async -> MailEnd {
        (try? await ended.futureResult.get()) ?? .later(code: 0, "the connection was lost")
    }

    /// The certificate must be signed by known roots and stand for the server's name, or address.
    private func tls() -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        if let trust = route.trust { configuration.trustRoots = .file(trust) }
        return configuration
    }

    private func secure(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: route.host, port: route.port)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : route.host)
    }
}

/// Does on a channel what the dialogue says. Lives on the channel's event loop.
private final class SMTPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var dialogue: SMTPDialogue
    private var reader = SMTPReplyReader()
    private let deadline: NIODeadline
    private let ended: EventLoopPromise<MailEnd>
    private let secure: () throws -> NIOSSLClientHandler?
    private var isOver = false
    private var timeout: Scheduled<Void>?

    init(
        _ dialogue: SMTPDialogue, deadline: NIODeadline, ended: EventLoopPromise<MailEnd>,
        secure: @escaping () throws -> NIOSSLClientHandler?
    ) {
        self.dialogue = dialogue
        self.deadline = deadline
        self.ended = ended
        self.secure = secure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = handler.value
            handler.lose("the mail server was too slow", context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while !isOver, let byte: UInt8 = bytes.readInteger() {
            do throws(SMTPReplyReader.Malformed) {
                guard let reply = try reader.take(byte) else { continue }
                perform(dialogue.take(reply), hasMore: bytes.readableBytes > 0, context)
            } catch {
                lose(error.description, context)
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Where TLS stands from the first byte on, there is nothing to say about it.
        if case .handshakeCompleted = event as? TLSUserEvent, !isOver, dialogue.awaitsTLS {
            perform(dialogue.secured(), hasMore: false, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        lose("the mail server ended the connection", context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lose(error is NIOSSLError ? "TLS with the mail server failed" : "the connection broke", context)
    }

    private func perform(_ action: SMTPDialogue.Action, hasMore: Bool, _ context: ChannelHandlerContext) {
        switch action {
        case .send(let bytes):
            say(bytes, context)
        case .startTLS:
            // What came in the clear behind the reply would be taken for something said under TLS.
            guard !hasMore, reader.isEmpty else { return lose("expected silence before TLS, got more", context) }
            do {
                guard let handler = try secure() else { return lose("expected TLS to be set up", context) }
                try context.pipeline.syncOperations.addHandler(handler, position: .first)
            } catch {
                lose("TLS could not be begun", context)
            }
        case .end(let end):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "QUIT\r\n")), promise: nil)
            finish(end, context)
        }
    }

    private func say(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        let buffer = wrapOutboundOut(ByteBuffer(bytes: bytes))
        guard dialogue.saysText else { return context.writeAndFlush(buffer, promise: nil) }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        // Fulfilled once the network has all of it; a text that did not go out whole is no mail.
        context.writeAndFlush(buffer).whenSuccess { handler.value.dialogue.left() }
    }

    private func lose(_ reason: String, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        finish(dialogue.lost(reason), context)
    }

    private func finish(_ end: MailEnd, _ context: ChannelHandlerContext) {
        isOver = true
        timeout?.cancel()
        ended.succeed(end)
        context.close(promise: nil)
    }
}
