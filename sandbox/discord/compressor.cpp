#include "sandbox/discord/compressor.hpp"

#include <zlib.h>
#include <zstd.h>

#include <array>

#include "base/assert.hpp"

namespace bandstand::sandbox {
namespace {

constexpr std::size_t kPiece = 16'384;

class ZlibStream final : public Compressor {
public:
    ZlibStream() { BASE_ASSERT(deflateInit(&stream_, Z_DEFAULT_COMPRESSION) == Z_OK); }
    ~ZlibStream() override { deflateEnd(&stream_); }
    ZlibStream(const ZlibStream&) = delete;
    ZlibStream& operator=(const ZlibStream&) = delete;

    std::string compress(std::string_view payload) override {
        stream_.next_in =
            reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));  // zlib does not write to it
        stream_.avail_in = static_cast<uInt>(payload.size());
        std::string out;
        std::array<char, kPiece> piece{};
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
            stream_.avail_out = static_cast<uInt>(piece.size());
            BASE_ASSERT(deflate(&stream_, Z_SYNC_FLUSH) != Z_STREAM_ERROR);
            out.append(piece.data(), piece.size() - stream_.avail_out);
        } while (stream_.avail_out == 0);
        return out;
    }

private:
    z_stream stream_{};
};

class ZstdStream final : public Compressor {
public:
    ZstdStream() : context_{ZSTD_createCCtx()} { BASE_ASSERT(context_ != nullptr); }
    ~ZstdStream() override { ZSTD_freeCCtx(context_); }
    ZstdStream(const ZstdStream&) = delete;
    ZstdStream& operator=(const ZstdStream&) = delete;

    std::string compress(std::string_view payload) override {
        ZSTD_inBuffer in{payload.data(), payload.size(), 0};
        std::string out;
        std::array<char, kPiece> piece{};
        std::size_t left = 1;
        while (left != 0) {
            ZSTD_outBuffer space{piece.data(), piece.size(), 0};
            left = ZSTD_compressStream2(context_, &space, &in, ZSTD_e_flush);
            BASE_ASSERT(!ZSTD_isError(left));
            out.append(piece.data(), space.pos);
        }
        return out;
    }

private:
    ZSTD_CCtx* context_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(std::string_view name) {
    if (name == "zlib-stream") return std::make_unique<ZlibStream>();
    if (name == "zstd-stream") return std::make_unique<ZstdStream>();
    return nullptr;
}

}  // namespace bandstand::sandbox
