#include "discord/transport_compression.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace bandstand::discord {
namespace {

constexpr base::Reason kBadCompression{"discord.bad_compression"};
constexpr std::size_t kFirstChunk = 64U << 10U;
constexpr std::size_t kMaxKept = 1U << 20U;        // after a burst the buffers shrink to this again
constexpr std::size_t kMaxCompressed = 8U << 20U;  // one document, still compressed
constexpr int kZstdWindowLogMax = 25;              // 32 MiB

std::unexpected<base::Error> bad(std::string_view what) {
    return base::fail(base::ErrorKind::data_loss, kBadCompression, what);
}

// The output of one document; grows by doubling up to a cap.
class Output {
public:
    explicit Output(std::size_t most) : most_{most} {}

    void clear() {
        used_ = 0;
        if (bytes_.size() > kMaxKept) bytes_ = {};
    }
    bool make_room() {
        if (used_ < bytes_.size()) return true;
        if (bytes_.size() >= most_) return false;
        bytes_.resize(std::min(most_, std::max(kFirstChunk, bytes_.size() * 2)));
        return true;
    }
    char* free_begin() { return bytes_.data() + used_; }
    std::size_t free_size() const { return bytes_.size() - used_; }
    void produced(std::size_t count) { used_ += count; }
    std::string_view view() const { return {bytes_.data(), used_}; }

private:
    std::string bytes_;
    std::size_t used_ = 0;
    std::size_t most_;
};

class Plain final : public Decompressor {
public:
    explicit Plain(std::size_t most) : most_{most} {}
    base::Result<std::optional<std::string_view>> feed(std::string_view message) override {
        if (message.size() > most_) return bad("document too large");
        return std::optional{message};
    }

private:
    std::size_t most_;
};

class Zlib final : public Decompressor {
public:
    explicit Zlib(std::size_t most) : output_{most} { ready_ = inflateInit(&stream_) == Z_OK; }
    ~Zlib() override {
        if (ready_) inflateEnd(&stream_);
    }
    Zlib(const Zlib&) = delete;
    Zlib& operator=(const Zlib&) = delete;

    base::Result<std::optional<std::string_view>> feed(std::string_view message) override {
        using namespace std::string_view_literals;
        if (!ready_) return bad("zlib did not start");
        if (input_.size() + message.size() > kMaxCompressed) return bad("compressed document too large");
        input_ += message;
        if (!input_.ends_with("\x00\x00\xFF\xFF"sv)) return std::optional<std::string_view>{};
        auto document = inflate_all();
        input_.clear();
        if (input_.capacity() > kMaxKept) input_.shrink_to_fit();
        return document;
    }

private:
    base::Result<std::optional<std::string_view>> inflate_all() {
        output_.clear();
        stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
        stream_.avail_in = static_cast<uInt>(input_.size());
        bool full = true;
        while (stream_.avail_in > 0 || full) {
            if (!output_.make_room()) return bad("document too large");
            const auto room = output_.free_size();
            stream_.next_out = reinterpret_cast<Bytef*>(output_.free_begin());
            stream_.avail_out = static_cast<uInt>(room);
            const int status = inflate(&stream_, Z_SYNC_FLUSH);
            output_.produced(room - stream_.avail_out);
            if (status == Z_BUF_ERROR && stream_.avail_in == 0) break;  // nothing was left to do
            if (status != Z_OK) return bad("zlib stream is damaged or ended");
            full = stream_.avail_out == 0;
        }
        return std::optional{output_.view()};
    }

    z_stream stream_{};
    bool ready_ = false;
    std::string input_;
    Output output_;
};

class Zstd final : public Decompressor {
public:
    explicit Zstd(std::size_t most) : stream_{ZSTD_createDStream(), &ZSTD_freeDStream}, output_{most} {
        if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }

    base::Result<std::optional<std::string_view>> feed(std::string_view message) override {
        if (!stream_) return bad("zstd did not start");
        if (message.size() > kMaxCompressed) return bad("compressed document too large");
        output_.clear();
        ZSTD_inBuffer in{message.data(), message.size(), 0};
        bool full = true;
        while (in.pos < in.size || full) {
            if (!output_.make_room()) return bad("document too large");
            ZSTD_outBuffer out{output_.free_begin(), output_.free_size(), 0};
            const auto status = ZSTD_decompressStream(stream_.get(), &out, &in);
            if (ZSTD_isError(status) != 0) return bad(ZSTD_getErrorName(status));
            output_.produced(out.pos);
            full = out.pos == out.size;
        }
        return std::optional{output_.view()};
    }

private:
    std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
    Output output_;
};

}  // namespace

std::string_view query_of(Compression compression) {
    switch (compression) {
        case Compression::none:
            return "";
        case Compression::zlib_stream:
            return "&compress=zlib-stream";
        case Compression::zstd_stream:
            return "&compress=zstd-stream";
    }
    return "";
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression, std::size_t max_document) {
    switch (compression) {
        case Compression::none:
            return std::make_unique<Plain>(max_document);
        case Compression::zlib_stream:
            return std::make_unique<Zlib>(max_document);
        case Compression::zstd_stream:
            return std::make_unique<Zstd>(max_document);
    }
    return nullptr;
}

}  // namespace bandstand::discord
