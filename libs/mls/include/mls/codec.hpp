#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace bandstand::mls {

constexpr base::Reason kMalformed{"mls.malformed"};
/// Well-formed MLS that DAVE never uses: see the README for the list.
constexpr base::Reason kUnsupported{"mls.unsupported"};

/// Writes the TLS presentation language of RFC 9420 §2.1: big-endian integers, variable-size vectors.
class Writer {
public:
    void u8(std::uint8_t value) { integer(value); }
    void u16(std::uint16_t value) { integer(value); }
    void u32(std::uint32_t value) { integer(value); }
    void u64(std::uint64_t value) { integer(value); }
    void raw(base::ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    /// `opaque x<V>`: the length as a variable-size integer (§2.1.2), then the bytes.
    void vector(base::ByteView bytes);
    /// `T x<V>`: `write(*this)` writes the elements.
    template <class Write>
    void vector_of(Write write) {
        Writer inner;
        write(inner);
        vector(inner.out_);
    }
    template <class T>
    void list(const std::vector<T>& items) {
        vector_of([&items](Writer& inner) {
            for (const auto& item : items) item.encode(inner);
        });
    }
    const base::Bytes& bytes() const { return out_; }
    base::Bytes take() && { return std::move(out_); }

private:
    template <class T>
    void integer(T value) {
        std::byte buffer[sizeof(T)];
        base::write_be(value, buffer);
        raw(buffer);
    }
    base::Bytes out_;
};

/// Reads what Writer writes. A failure sticks: read on, then ask ok() or finish(). Nothing is believed before
/// it is checked against the bytes that are left, so no length can make us allocate more than the input.
class Reader {
public:
    explicit Reader(base::ByteView in) : in_{in} {}

    std::uint8_t u8() { return integer<std::uint8_t>(); }
    std::uint16_t u16() { return integer<std::uint16_t>(); }
    std::uint32_t u32() { return integer<std::uint32_t>(); }
    std::uint64_t u64() { return integer<std::uint64_t>(); }
    base::ByteView raw(std::size_t count);
    /// The bytes of `x<V>`; a length that is not in its shortest form is a failure (§2.1.2).
    base::ByteView vector();
    base::Bytes opaque() {
        const auto bytes = vector();
        return {bytes.begin(), bytes.end()};
    }
    /// `optional<T>`: is there one? Anything but 0 and 1 is a failure.
    bool present();
    /// `T x<V>`: T::decode until the vector is used up.
    template <class T>
    std::vector<T> list() {
        std::vector<T> items;
        Reader inner{vector()};
        while (inner.ok() && !inner.empty()) items.push_back(T::decode(inner));
        if (!inner.ok()) fail(inner.failure());
        return items;
    }
    std::vector<std::uint16_t> u16_list();
    std::vector<std::uint32_t> u32_list();

    /// The first reason is the one that decode() reports.
    void fail(base::Reason reason = kMalformed) {
        if (ok()) failure_ = reason;
    }
    bool ok() const { return failure_.name.empty(); }
    base::Reason failure() const { return failure_; }
    bool empty() const { return in_.empty(); }
    /// Everything was well-formed and used up.
    bool done() const { return ok() && empty(); }

private:
    template <class T>
    T integer() {
        const auto bytes = raw(sizeof(T));
        return ok() ? base::read_be<T>(bytes) : T{0};
    }
    base::ByteView in_;
    base::Reason failure_{};
};

template <class T>
base::Bytes encode(const T& value) {
    Writer writer;
    value.encode(writer);
    return std::move(writer).take();
}

/// The whole input is one T. Errors: kMalformed.
template <class T>
base::Result<T> decode(base::ByteView in) {
    Reader reader{in};
    T value = T::decode(reader);
    if (!reader.ok()) return base::fail(base::ErrorKind::invalid_argument, reader.failure(), T::kName);
    if (!reader.empty())
        return base::fail(base::ErrorKind::invalid_argument, kMalformed, T::kName, "has a tail");
    return value;
}

}  // namespace bandstand::mls
