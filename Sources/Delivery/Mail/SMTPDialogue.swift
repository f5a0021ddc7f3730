internal import Foundation
internal import Settings

// The talk with a mail server, as a value.
//
// Problem: a mail must be said once, safely, and every answer, silence or cut must mean one thing. Choice: a state machine
// that is given replies and says what to do next; the channel does it. So each turn can be tested without a network.
// What ends before the last dot of the text was written has surely not been sent; a silence behind it may be either.
// A "never" is about this mail only if it answers something about this mail: what is said to the connection or to a
// password ends when somebody mends it, and the notice is tried again until then.
// Rejected: pipelining, which saves milliseconds and makes it unclear which reply belongs to what. How it fails: a server
// that takes a mail and loses its answer leaves it unclear, and it is not said again.

/// How a submission ended.
enum MailEnd: Sendable, Equatable {
    case accepted
    /// The server will never take this mail (5xx to its sender, receivers or text).
    case refused(code: Int, String)
    /// Not now (4xx), no server, no TLS, a server or password that does not let us in, or a cut before the text was whole.
    case later(code: Int, String)
    /// The text was said whole and nobody knows what became of it.
    case unclear(String)
}

/// One mail to one server.
struct SMTPDialogue: Sendable {
    enum Action: Sendable, Equatable {
        case send([UInt8])
        /// Go over to TLS, then call `secured`; nothing may have come behind the reply.
        case startTLS
        case end(MailEnd)
    }

    private enum Phase: Sendable, Equatable {
        case greeting, hello, startTLS, handshake, plain, loginName, loginUser, loginPassword, from
        case receiver(Int)
        case data, content, over
    }

    private let route: MailRoute
    private let passwords: [String]
    private let message: MailMessage
    private var phase: Phase
    private var isSecure: Bool
    /// The password in use.
    private var password = 0
    private var mechanisms: Set<String> = []
    private var accepted = 0
    /// The whole text has left this process.
    private var hasLeft = false
    /// What the server said to the last receiver that it did not take.
    private var refusal: SMTPReply?

    init(_ message: MailMessage, route: MailRoute, passwords: [String]) {
        self.message = message
        self.route = route
        self.passwords = passwords
        isSecure = route.security != .starttls
        phase = .greeting
    }

    /// `secured` is what it wants next.
    var awaitsTLS: Bool { phase == .handshake }

    /// The text is on its way out; `left` says that it is.
    var saysText: Bool { phase == .content && !hasLeft }

    /// Every byte of the text was handed to the network, the last dot too.
    mutating func left() { hasLeft = phase == .content }

    /// The connection ended, broke or fell silent.
    func lost(_ reason: String) -> MailEnd {
        phase == .content && hasLeft ? .unclear(reason) : .later(code: 0, reason)
    }

    /// TLS stands.
    mutating func secured() -> Action {
        guard phase == .handshake else { return end(lost("expected no TLS now")) }
        isSecure = true
        return sayHello()
    }

    mutating func take(_ reply: SMTPReply) -> Action {
        switch phase {
        case .greeting: reply.kind == 2 ? sayHello() : declined(reply)
        case .hello: reply.kind == 2 ? greeted(reply) : declined(reply)
        case .startTLS: reply.code == 220 ? go(.handshake, .startTLS) : declined(reply)
        case .plain, .loginName, .loginUser, .loginPassword: authenticate(reply)
        case .from: reply.kind == 2 ? askReceiver(0) : declined(reply)
        case .receiver(let number): took(receiver: number, reply)
        case .data: reply.code == 354 ? go(.content, .send(Self.body(message))) : declined(reply)
        case .content: finished(reply)
        case .handshake, .over: end(lost("expected silence, got \(reply.code)"))
        }
    }

    /// The text with its dots doubled and the last dot behind it (RFC 5321, 4.5.2).
    static func body(_ message: MailMessage) -> [UInt8] {
        var bytes: [UInt8] = []
        for line in message.lines.joined(separator: "\r\n").split(separator: "\r\n", omittingEmptySubsequences: false) {
            if line.utf8.first == 0x2E { bytes.append(0x2E) }
            bytes += line.utf8
            bytes += [0x0D, 0x0A]
        }
        return bytes + [0x2E, 0x0D, 0x0A]
    }

    private mutating func sayHello() -> Action {
        let domain = route.from.split(separator: "@").last ?? "localhost"
        return go(.hello, .send(Self.line("EHLO \(domain)")))
    }

    private mutating func greeted(_ reply: SMTPReply) -> Action {
        let offers = reply.lines.dropFirst().map { $0.uppercased().split(separator: " ").map(String.init) }
        guard isSecure else {
            guard offers.contains(["STARTTLS"]) else {
                return end(.later(code: 0, "expected a server that offers STARTTLS, got one that does not"))
            }
            return go(.startTLS, .send(Self.line("STARTTLS")))
        }
        mechanisms = Set(offers.first { $0.first == "AUTH" }?.dropFirst() ?? [])
        return route.user == nil ? sayFrom() : sayPassword()
    }

    private mutating func sayFrom() -> Action { go(.from, .send(Self.line("MAIL FROM:<\(route.from)>"))) }

    private mutating func sayPassword() -> Action {
        guard let user = route.user, passwords.indices.contains(password) else {
            return end(.later(code: 0, "expected a password, got none"))
        }
        if mechanisms.contains("PLAIN") {
            let secret = Self.base64("\0\(user)\0\(passwords[password])")
            return go(.plain, .send(Self.line("AUTH PLAIN \(secret)")))
        }
        guard mechanisms.contains("LOGIN") else {
            return end(.later(code: 0, "expected a server that takes AUTH PLAIN or LOGIN, got one that takes neither"))
        }
        return go(.loginName, .send(Self.line("AUTH LOGIN")))
    }

    private mutating func authenticate(_ reply: SMTPReply) -> Action {
        switch (phase, reply.code) {
        case (.loginName, 334): return go(.loginUser, .send(Self.line(Self.base64(route.user ?? ""))))
        case (.loginUser, 334) where passwords.indices.contains(password):
            return go(.loginPassword, .send(Self.line(Self.base64(passwords[password]))))
        case (.plain, 235), (.loginPassword, 235): return sayFrom()
        // While a password is exchanged the server knows one of them.
        case (_, 535) where password + 1 < passwords.count:
            password += 1
            return sayPassword()
        default: return declined(reply)
        }
    }

    private mutating func askReceiver(_ number: Int) -> Action {
        guard route.to.indices.contains(number) else {
            guard accepted > 0 else {
                return refusal.map { declined($0) } ?? end(lost("expected a receiver, got none"))
            }
            return go(.data, .send(Self.line("DATA")))
        }
        return go(.receiver(number), .send(Self.line("RCPT TO:<\(route.to[number])>")))
    }

    /// Whoever is taken is written to; the others are no reason to call those again.
    private mutating func took(receiver number: Int, _ reply: SMTPReply) -> Action {
        if reply.kind == 2 {
            accepted += 1
        } else if reply.code == 421 || reply.kind == 3 {
            return declined(reply)
        } else if refusal?.kind != 4 {
            refusal = reply
        }
        return askReceiver(number + 1)
    }

    /// A server that answers the text has had it, whatever is known of the writing.
    private mutating func finished(_ reply: SMTPReply) -> Action {
        hasLeft = true
        return reply.kind == 2 ? end(.accepted) : declined(reply)
    }

    private mutating func declined(_ reply: SMTPReply) -> Action {
        let words = reply.words
        let isFinal = reply.kind == 5 && isAboutTheMail && !Self.wantsLogin.contains(reply.code)
        return end(isFinal ? .refused(code: reply.code, words) : .later(code: reply.code, words))
    }

    /// What is said now answers the mail, not the connection.
    private var isAboutTheMail: Bool {
        switch phase {
        case .from, .receiver, .data, .content: true
        default: false
        }
    }

    /// Wants a password, a stronger way to say it, another one, or TLS first (RFC 4954, 6).
    private static let wantsLogin: Set<Int> = [530, 534, 535, 538]

    private mutating func end(_ end: MailEnd) -> Action { go(.over, .end(end)) }

    private mutating func go(_ next: Phase, _ action: Action) -> Action {
        phase = next
        return action
    }

    private static func line(_ text: String) -> [UInt8] { Array(text.utf8) + [0x0D, 0x0A] }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
