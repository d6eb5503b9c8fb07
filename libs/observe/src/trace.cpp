#include "observe/trace.hpp"

#include <opentelemetry/exporters/otlp/otlp_http_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/sdk/common/global_log_handler.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/samplers/parent_factory.h>
#include <opentelemetry/sdk/trace/samplers/trace_id_ratio_factory.h>
#include <opentelemetry/sdk/trace/tracer_provider.h>
#include <opentelemetry/sdk/trace/tracer_provider_factory.h>
#include <opentelemetry/trace/propagation/http_trace_context.h>

#include <chrono>
#include <utility>

#include "text.hpp"
#include "trace_state.hpp"

namespace bandstand::observe {
namespace {

namespace otel = opentelemetry;
namespace sdk = opentelemetry::sdk;
namespace otlp = opentelemetry::exporter::otlp;

constexpr std::chrono::seconds kShutdownLimit{1};
// Shutting the exporter down waits for the request that is under way, so this also bounds the end of the
// process.
constexpr std::chrono::seconds kExportLimit{2};

// What OpenTelemetry calls a carrier, with the one header that we carry.
class Carrier final : public otel::context::propagation::TextMapCarrier {
public:
    explicit Carrier(std::string_view traceparent = {}) : traceparent_{traceparent} {}
    otel::nostd::string_view Get(otel::nostd::string_view key) const noexcept override {
        return key == "traceparent" ? otel::nostd::string_view{traceparent_} : otel::nostd::string_view{};
    }
    void Set(otel::nostd::string_view key, otel::nostd::string_view value) noexcept override {
        if (key == "traceparent") traceparent_.assign(value.data(), value.size());
    }
    const std::string& traceparent() const { return traceparent_; }

private:
    std::string traceparent_;
};

otel::nostd::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

// The library's own complaints, such as a collector that does not answer, into our log: by default it prints
// them to stdout.
class LogHandler final : public sdk::common::internal_log::LogHandler {
public:
    explicit LogHandler(Log log) : log_{std::move(log)} {}
    void Handle(sdk::common::internal_log::LogLevel, const char*, int, const char* text,
                const sdk::common::AttributeMap&) noexcept override {
        log_.warn("trace_export_failed", {{"detail", text == nullptr ? "" : text}});
    }

private:
    Log log_;
};

void set_log_handler(sdk::common::internal_log::LogHandler* handler) {
    sdk::common::internal_log::GlobalLogHandler::SetLogHandler(
        otel::nostd::shared_ptr<sdk::common::internal_log::LogHandler>{handler});
}

std::unique_ptr<sdk::trace::SpanExporter> make_exporter(const std::string& endpoint) {
    otlp::OtlpHttpExporterOptions options;
    options.url = endpoint + "/v1/traces";
    options.content_type = otlp::HttpRequestContentType::kBinary;
    options.timeout = kExportLimit;
    return otlp::OtlpHttpExporterFactory::Create(options);
}

std::unique_ptr<sdk::trace::TracerProvider> make_provider(
    const std::string& service, double sample_ratio, std::unique_ptr<sdk::trace::SpanExporter> exporter) {
    const sdk::trace::BatchSpanProcessorOptions batching{};
    auto processor = sdk::trace::BatchSpanProcessorFactory::Create(std::move(exporter), batching);
    auto sampler = sdk::trace::ParentBasedSamplerFactory::Create(
        std::shared_ptr{sdk::trace::TraceIdRatioBasedSamplerFactory::Create(sample_ratio)});
    const auto resource = sdk::resource::Resource::Create({{"service.name", service}});
    return sdk::trace::TracerProviderFactory::Create(std::move(processor), resource, std::move(sampler));
}

otel::trace::SpanContext parse(std::string_view traceparent) {
    const Carrier carrier{traceparent};
    otel::context::Context empty;
    otel::trace::propagation::HttpTraceContext format;
    return otel::trace::GetSpan(format.Extract(carrier, empty))->GetContext();
}

}  // namespace

struct Tracer::State {
    std::unique_ptr<sdk::trace::TracerProvider> provider;  // null = tracing is off
    sdk::trace::SpanExporter* exporter = nullptr;          // belongs to the provider
    otel::nostd::shared_ptr<otel::trace::Tracer> tracer;
};

struct Span::State {
    otel::nostd::shared_ptr<otel::trace::Span> span;
};

std::shared_ptr<Tracer::State> make_tracer_state(const std::string& service, const std::string& endpoint,
                                                 double sample_ratio, const Log& log) {
    auto state = std::make_shared<Tracer::State>();
    if (endpoint.empty()) return state;
    set_log_handler(new LogHandler{log});
    auto exporter = make_exporter(endpoint);
    state->exporter = exporter.get();
    state->provider = make_provider(service, sample_ratio, std::move(exporter));
    state->tracer = state->provider->GetTracer("bandstand");
    return state;
}

void shut_down(Tracer::State& state) {
    if (!state.provider) return;
    state.provider->ForceFlush(kShutdownLimit);
    // Ends a request that still waits, and refuses further ones: the provider's destructor would drain its
    // whole queue against a collector that does not answer.
    state.exporter->Shutdown(std::chrono::microseconds{0});
    set_log_handler(
        new sdk::common::internal_log::NoopLogHandler);  // ours may write to what ends before the process
}

Span Tracer::start(std::string_view name, std::string_view parent) const {
    if (!state_->provider) return Span{nullptr};
    otel::trace::StartSpanOptions options;
    options.parent = parse(parent);
    auto span = state_->tracer->StartSpan(view(name), options);
    return Span{std::make_unique<Span::State>(Span::State{std::move(span)})};
}

Span::Span(std::unique_ptr<State> state) : state_{std::move(state)} {}
Span::Span(Span&&) noexcept = default;
Span& Span::operator=(Span&&) noexcept = default;
Span::~Span() = default;

void Span::set(std::string_view attribute, std::string_view value) {
    if (!state_ || !state_->span->IsRecording()) return;
    const std::string kept = printable(value);
    state_->span->SetAttribute(view(attribute), view(kept));
}

void Span::set(std::string_view attribute, std::int64_t value) {
    if (state_) state_->span->SetAttribute(view(attribute), value);
}

void Span::fail(std::string_view reason) {
    if (!state_) return;
    const std::string kept = printable(reason);
    state_->span->SetStatus(otel::trace::StatusCode::kError, view(kept));
}

std::string Span::traceparent() const {
    if (!state_) return {};
    Carrier carrier;
    otel::trace::propagation::HttpTraceContext format;
    otel::context::Context context;
    format.Inject(carrier, otel::trace::SetSpan(context, state_->span));
    return carrier.traceparent();
}

}  // namespace bandstand::observe
