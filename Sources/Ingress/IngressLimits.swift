/// Bounds of what one ingress process takes in at once.
package struct IngressLimits: Sendable {
    /// Longest body of a webhook or of a producer's request.
    package var mostBodyBytes = 10 << 20
    /// Bodies held in memory together; beyond it requests are answered 503.
    package var mostBodyBytesTogether = 256 << 20
    /// Lines of one producer's request.
    package var mostLines = 10_000
    /// How long a body may take to arrive.
    package var bodyPatience: Duration = .seconds(20)
    /// A connection on which nothing happens is closed after this time, and one whose next head is not whole by then.
    package var idle: Duration = .seconds(60)
    /// Within which a new connection's first head must be whole: who only opens connections holds each this long.
    package var firstHead: Duration = .seconds(10)
    package var mostConnections = 2_048
    package var mostHeaders = 100
    package var mostHeaderBytes = 32 << 10

    package init() {}
}
