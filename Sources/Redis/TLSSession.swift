import COpenSSL
import Glibc

// TLS over a socket that we own.
//
// hiredis 0.14 knows no TLS, so OpenSSL carries the bytes over the descriptor that hiredis connected. The session does
// not block: each step says which readiness it waits for. OpenSSL's own socket writer would raise SIGPIPE on a closed
// peer and end the process; ours is its copy with MSG_NOSIGNAL. A key with a passphrase is refused, because OpenSSL
// would ask for it on the terminal.

/// One TLS connection of a client. Confined to one thread.
final class TLSSession {
    private let session: OpaquePointer

    /// Sets the session up; `handshake` begins it.
    ///
    /// - Parameter host: the endpoint's host, which the certificate must name unless `settings.serverName` does.
    init(
        descriptor: CInt, settings: RedisTLS, host: String, endpoint: RedisEndpoint
    ) throws(RedisError) {
        func failure(_ message: String) -> RedisError {
            RedisError(.tls, operation: "TLS", endpoint: "\(endpoint)", message: message + Self.queuedErrors())
        }
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw failure("expected a TLS context") }
        defer { SSL_CTX_free(context) }
        if let fault = Self.configure(context, settings) { throw failure(fault) }
        guard let session = SSL_new(context) else { throw failure("expected a TLS session") }
        guard Self.expect(settings.serverName ?? host, on: session) else {
            SSL_free(session)
            throw failure(
                "expected a server name that a certificate can stand for, came \(settings.serverName ?? host)")
        }
        guard let method = Self.quietSocket, let stream = BIO_new(method) else {
            SSL_free(session)
            throw failure("expected a TLS stream")
        }
        BIO_int_ctrl(stream, BIO_C_SET_FD, Int(BIO_NOCLOSE), descriptor)
        SSL_set_bio(session, stream, stream)
        SSL_set_connect_state(session)
        self.session = session
    }

    deinit { SSL_free(session) }

    /// One step of the handshake; `.moved(0)` says that it is done.
    func handshake() -> Socket.Outcome {
        ERR_clear_error()
        let result = SSL_do_handshake(session)
        return result == 1 ? .moved(0) : outcome(of: result)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Socket.Outcome {
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
        return result == 1 ? .moved(count) : outcome(of: result)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Socket.Outcome {
        ERR_clear_error()
        var count = 0
        let result = SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
        return result == 1 ? .moved(count) : outcome(of: result)
    }

    /// Whether bytes lie here that `poll` cannot see.
    var hasPending: Bool { SSL_has_pending(session) == 1 }

    private func outcome(of result: CInt) -> Socket.Outcome {
        switch SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wouldBlock(Int16(POLLIN))
        case SSL_ERROR_WANT_WRITE: return .wouldBlock(Int16(POLLOUT))
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_SYSCALL: return .closed
        default:
            let verified = SSL_get_verify_result(session)
            guard verified == X509_V_OK else {
                let reason = X509_verify_cert_error_string(verified).map { String(cString: $0) } ?? "\(verified)"
                return .insecure("the server's certificate was refused: \(reason)")
            }
            return .insecure("expected TLS" + Self.queuedErrors())
        }
    }

    private static func configure(_ context: OpaquePointer, _ settings: RedisTLS) -> String? {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        let mode = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
        SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(mode), nil)
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
        if let file = settings.authorityFile {
            guard SSL_CTX_load_verify_file(context, file) == 1 else {
                return "expected trusted roots in PEM in \(file)"
            }
        } else {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else { return "expected the system's trusted roots" }
        }
        if let file = settings.certificateFile {
            guard SSL_CTX_use_certificate_chain_file(context, file) == 1 else {
                return "expected a certificate chain in PEM in \(file)"
            }
        }
        if let file = settings.keyFile {
            guard SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) == 1 else {
                return "expected in \(file) the certificate's private key in PEM, without passphrase"
            }
        }
        return nil
    }

    /// Demands that the certificate stands for this name or address, and names it in the greeting.
    private static func expect(_ name: String, on session: OpaquePointer) -> Bool {
        var address = in6_addr()
        if inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1 {
            return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1
        }
        SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        let greeting = name.utf8CString.withUnsafeBytes { bytes in
            SSL_ctrl(
                session, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        }
        return !name.isEmpty && greeting == 1 && SSL_set1_host(session, name) == 1
    }

    /// What OpenSSL has to say, emptied from this thread's queue.
    private static func queuedErrors() -> String {
        var text = ""
        while case let number = ERR_get_error(), number != 0 {
            guard let reason = ERR_reason_error_string(number) else { continue }
            text += ": " + String(cString: reason)
        }
        return text
    }

    /// OpenSSL's socket stream with a writer that raises no signal.
    nonisolated(unsafe) private static let quietSocket: OpaquePointer? = {
        // Guard: a static `let` is made once by one thread; afterwards OpenSSL only reads it.
        guard let method = BIO_meth_new(5 | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket without SIGPIPE"),
            let model = BIO_s_socket()
        else {
            return nil
        }
        BIO_meth_set_read(method, BIO_meth_get_read(model))
        BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(model))
        BIO_meth_set_create(method, BIO_meth_get_create(model))
        BIO_meth_set_destroy(method, BIO_meth_get_destroy(model))
        BIO_meth_set_write(method) { stream, bytes, count in
            BIO_clear_flags(stream, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY)
            let descriptor = CInt(BIO_ctrl(stream, BIO_C_GET_FD, 0, nil))
            let sent = send(descriptor, bytes, Int(count), CInt(MSG_NOSIGNAL))
            if sent <= 0, BIO_sock_should_retry(CInt(sent)) != 0 {
                BIO_set_flags(stream, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            }
            return CInt(sent)
        }
        return method
    }()
}
