#include "domain/search.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bandstand::audio::domain {
namespace {

constexpr std::size_t kMaxWords = 16;

// U+00C0..U+017F without their accents; '?' = no letter. Two letters stand in kLigatures.
constexpr std::string_view kLatin =
    "aaaaaa?ceeeeiiii?nooooo?ouuuuy??aaaaaa?ceeeeiiii?nooooo?ouuuuy?y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkklllllll"
    "lllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kLatin.size() == 0x180 - 0xC0);

std::string_view ligature(char32_t code) {
    switch (code) {
        case 0xC6:
        case 0xE6:
            return "ae";
        case 0xD0:
        case 0xF0:
            return "d";
        case 0xDE:
        case 0xFE:
            return "th";
        case 0xDF:
            return "ss";
        case 0x132:
        case 0x133:
            return "ij";
        case 0x152:
        case 0x153:
            return "oe";
        default:
            return {};
    }
}

// The code point at `at` and its length; length 0 = not UTF-8.
std::pair<char32_t, std::size_t> decode(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto first = byte(at);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xF0 && first < 0xF8 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
    if (length == 0 || first >= 0xF8 || at + length > text.size()) return {0, 0};
    char32_t code = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80U) return {0, 0};
        code = (code << 6U) | (byte(at + i) & 0x3FU);
    }
    return {code, length};
}

void add_space(std::string& out) {
    if (!out.empty() && out.back() != ' ') out += ' ';
}

void add_ascii(std::string& out, char letter) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    const bool kept = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    if (kept) {
        out += letter;
    } else if (letter != '\'') {  // "don't" is one word
        add_space(out);
    }
}

void add_other(std::string& out, char32_t code, std::string_view original) {
    if (code >= 0x300 && code < 0x370) return;  // combining accents
    if (code == 0x2019) return;                 // an apostrophe
    if (code >= 0xC0 && code < 0x180) {
        const auto two = ligature(code);
        const auto letter = kLatin[code - 0xC0];
        if (!two.empty()) {
            out += two;
        } else if (letter != '?') {
            out += letter;
        } else {
            add_space(out);
        }
    } else if (code < 0xC0 || (code >= 0x2000 && code < 0x2070) || code == 0x3000) {
        add_space(out);
    } else {
        out += original;
    }
}

int rank_word(std::string_view text, std::string_view word, int weight) {
    const auto at = text.find(word);
    if (at == std::string_view::npos) return 0;
    if (at == 0 || text.find(" " + std::string{word}) != std::string_view::npos) return 2 * weight;
    return weight;
}

}  // namespace

std::string fold(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto [code, length] = decode(text, at);
        if (length == 0) {
            add_space(out);
            ++at;
            continue;
        }
        if (length == 1) {
            add_ascii(out, static_cast<char>(code));
        } else {
            add_other(out, code, text.substr(at, length));
        }
        at += length;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::vector<std::string> words_of(std::string_view folded) {
    std::vector<std::string> words;
    while (!folded.empty() && words.size() < kMaxWords) {
        const auto end = std::min(folded.find(' '), folded.size());
        if (end > 0) words.emplace_back(folded.substr(0, end));
        folded.remove_prefix(std::min(end + 1, folded.size()));
    }
    return words;
}

std::optional<int> rank(const Searchable& text, const std::vector<std::string>& query) {
    int points = 0;
    std::string whole;
    for (const auto& word : query) {
        const auto best = std::max({rank_word(text.title, word, 9), rank_word(text.artist, word, 6),
                                    rank_word(text.other, word, 2)});
        if (best == 0) return std::nullopt;
        points += best;
        whole += (whole.empty() ? "" : " ") + word;
    }
    points *= 10 / static_cast<int>(std::max<std::size_t>(query.size(), 1)) + 1;
    if (text.title == whole) return points + 1000;
    if (text.title.starts_with(whole)) return points + 500;
    if (text.title.find(whole) != std::string::npos) return points + 200;
    return points;
}

}  // namespace bandstand::audio::domain
