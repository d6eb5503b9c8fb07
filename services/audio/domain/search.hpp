#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bandstand::audio::domain {

/// Text as people type it: lower case, without accents, anything but letters and digits is one space.
/// Latin scripts are folded to ASCII, other scripts kept as they are; invalid UTF-8 becomes a space.
std::string fold(std::string_view text);

/// A folded text to be found.
struct Searchable {
    std::string title;
    std::string artist;
    std::string other;  ///< file and folder names
};

/// A folded query, cut into words; at most 16.
std::vector<std::string> words_of(std::string_view folded);

/// How well `text` fits: greater is better, nothing = not all words occur in it.
/// The whole title counts most, then its beginning, then the beginnings of words, then what stands inside of
/// them; the title counts more than the artist, the artist more than the rest.
std::optional<int> rank(const Searchable& text, const std::vector<std::string>& query);

}  // namespace bandstand::audio::domain
