import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// A mail server on loopback that follows RFC 5321 as far as a client of ours goes, and misbehaves on request.
final class LoopbackMailServer: Sendable {
    struct Part: Sendable {
        enum Security: Sendable { case none, starttls, tls }

        var security = Security.none
        var certificate: TestCertificates.Pair?
        /// What is answered to a verb instead of the usual; `HELLO` is the greeting, `TEXT` the end of the text.
        var answers: [String: String] = [:]
        /// Ends the connection instead of answering that verb.
        var cutsAt: String?
        /// Says nothing to that verb.
        var silentAt: String?
        var mechanisms = "PLAIN LOGIN"
        var password = "right"
        /// Ends the connection behind a wrong password.
        var endsAtWrongPassword = false
        /// Says more behind its word that TLS may begin.
        var injects = false
    }

    struct Seen: Sendable {
        var commands: [String] = []
        /// The lines of the text, dots undone.
        var text: [String] = []
        /// How often it said nothing where an answer was due.
        var silences = 0
    }

    private let record = Mutex(Seen())

    var seen: Seen { record.withLock { $0 } }

    func note(_ change: (inout Seen) -> Void) { record.withLock { change(&$0) } }

    /// Runs a server for a test and ends it.
    static func run(_ part: Part, _ test: (LoopbackMailServer, _ port: Int) async throws -> Void) async throws {
        let context = try part.certificate.map { pair in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(pair.certificate).map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: pair.key, format: .pem))))
        }
        let server = LoopbackMailServer()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    if part.security == .tls, let context {
                        try child.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try child.pipeline.syncOperations.addHandler(MailServerHandler(part, context, server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await test(server, channel.localAddress?.port ?? 0)
        } catch {
            try? await channel.close()
            throw error
        }
        try await channel.close()
    }
}

/// One connection.
private final class MailServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let part: LoopbackMailServer.Part
    private let context: NIOSSLContext?
    private let server: LoopbackMailServer
    private var line: [UInt8] = []
    private var isInText = false
    private var isSecure: Bool
    private var hasGreeted = false
    private var login: String?

    init(_ part: LoopbackMailServer.Part, _ context: NIOSSLContext?, _ server: LoopbackMailServer) {
        self.part = part
        self.context = context
        self.server = server
        isSecure = part.security == .tls
    }

    func channelActive(context: ChannelHandlerContext) {
        answer("HELLO", "220 mail.test ready", context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while let byte: UInt8 = bytes.readInteger() {
            guard byte == 0x0A else {
                line.append(byte)
                continue
            }
            if line.last == 0x0D { line.removeLast() }
            let text = String(decoding: line, as: UTF8.self)
            line = []
            if isInText { take(text: text, context) } else { take(command: text, context) }
        }
    }

    private func take(text: String, _ context: ChannelHandlerContext) {
        guard text == "." else {
            server.note { $0.text.append(text.hasPrefix(".") ? String(text.dropFirst()) : text) }
            return
        }
        isInText = false
        answer("TEXT", "250 taken", context)
    }

    private func take(command: String, _ context: ChannelHandlerContext) {
        server.note { $0.commands.append(command) }
        let verb = login == nil ? command.split(separator: " ").first.map { $0.uppercased() } ?? "" : "LOGIN"
        switch verb {
        case "EHLO":
            let offer = part.security == .starttls && !isSecure ? "250-STARTTLS\r\n" : ""
            answer(verb, "250-mail.test\r\n\(offer)250-AUTH \(part.mechanisms)\r\n250 8BITMIME", context)
        case "STARTTLS":
            answer(verb, "220 go on" + (part.injects ? "\r\n250 injected" : ""), context)
            guard let tls = self.context, !part.injects else { return }
            isSecure = true
            try? context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        case "AUTH": authenticate(command, context)
        case "LOGIN": logIn(command, context)
        case "DATA":
            isInText = part.answers["DATA"] == nil
            answer(verb, "354 go on", context)
        case "QUIT": context.close(promise: nil)
        default: answer(verb, "250 fine", context)
        }
    }

    private func authenticate(_ command: String, _ context: ChannelHandlerContext) {
        let words = command.split(separator: " ")
        if words.count == 3, words[1] == "PLAIN" {
            let parts = Base64.text(String(words[2])).split(separator: "\0", omittingEmptySubsequences: false)
            return answer("AUTH", parts.last == Substring(part.password) ? "235 welcome" : "535 no", context)
        }
        login = ""
        answer("AUTH", "334 VXNlcm5hbWU6", context)
    }

    private func logIn(_ command: String, _ context: ChannelHandlerContext) {
        guard login == "" else {
            login = nil
            return answer("AUTH", Base64.text(command) == part.password ? "235 welcome" : "535 no", context)
        }
        login = Base64.text(command)
        answer("AUTH", "334 UGFzc3dvcmQ6", context)
    }

    private func answer(_ verb: String, _ usual: String, _ context: ChannelHandlerContext) {
        if part.cutsAt == verb { return context.close(promise: nil) }
        if part.silentAt == verb { return server.note { $0.silences += 1 } }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: (part.answers[verb] ?? usual) + "\r\n")), promise: nil)
        if part.endsAtWrongPassword, usual.hasPrefix("535") { context.close(promise: nil) }
    }
}
