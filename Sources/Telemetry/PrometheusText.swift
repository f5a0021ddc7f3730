/// Rendering of metrics in the Prometheus text exposition format, version 0.0.4.
///
/// Source: prometheus.io, "Exposition formats": label values escape backslash, quote and line feed; `HELP` and `TYPE`
/// stand once, before the first sample of a metric; histograms end with the bucket `+Inf`, `_sum` and `_count`.
enum PrometheusText {
    static func labels(_ labels: MetricRegistry.Labels) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    static func render(_ values: MetricRegistry.Values) -> String {
        var text = ""
        let numbers = Dictionary(grouping: values.numbers) { $0.key.name }
        let histograms = Dictionary(grouping: values.histograms) { $0.key.name }
        for name in Set(numbers.keys).union(histograms.keys).sorted(by: { $0.text < $1.text }) {
            let numbers = (numbers[name] ?? []).sorted { $0.key.labels < $1.key.labels }
            let histograms = (histograms[name] ?? []).sorted { $0.key.labels < $1.key.labels }
            text += "# HELP \(name.text) \(name.help)\n# TYPE \(name.text) \(name.kind.rawValue)\n"
            for (series, value) in numbers {
                text += "\(name.text)\(braced(series.labels)) \(number(value))\n"
            }
            for (series, histogram) in histograms {
                text += render(name, series.labels, histogram)
            }
        }
        return text
    }

    private static func render(_ name: MetricName, _ labels: String, _ histogram: MetricRegistry.Histogram) -> String {
        var text = ""
        var total: UInt64 = 0
        let separator = labels.isEmpty ? "" : ","
        for (index, count) in histogram.counts.enumerated() {
            total &+= count
            let bound = index < MetricRegistry.buckets.count ? number(MetricRegistry.buckets[index]) : "+Inf"
            text += "\(name.text)_bucket{\(labels)\(separator)le=\"\(bound)\"} \(total)\n"
        }
        text += "\(name.text)_sum\(braced(labels)) \(number(histogram.sum))\n"
        return text + "\(name.text)_count\(braced(labels)) \(total)\n"
    }

    private static func braced(_ labels: String) -> String {
        labels.isEmpty ? "" : "{\(labels)}"
    }

    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : (value < 0 ? "-Inf" : "+Inf") }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
