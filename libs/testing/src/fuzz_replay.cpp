// The main() of a fuzz target in an ordinary build: runs it over every file of a corpus folder and over a few
// deterministic mutations of each, so that the test run exercises the parsers without libFuzzer.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr int kMutationsPerFile = 64;

// The vector's memory ends where the input ends, so a sanitizer sees a read past it.
void run(const Input& input) {
    const Input exact{input.begin(), input.end()};
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Input mutate(Input input, bandstand::base::Random& random) {
    const auto changes = 1 + random.below(4);
    for (std::uint64_t i = 0; i < changes && !input.empty(); ++i) {
        const auto at = static_cast<std::ptrdiff_t>(random.below(input.size()));
        switch (random.below(4)) {
            case 0:
                input[at] = static_cast<std::uint8_t>(random.below(256));
                break;
            case 1:
                input[at] ^= static_cast<std::uint8_t>(1U << random.below(8));
                break;
            case 2:
                input.resize(at);
                break;
            case 3:
                input.insert(input.begin() + at, static_cast<std::uint8_t>(random.below(256)));
                break;
        }
    }
    return input;
}

std::vector<std::filesystem::path> files_of(const char* folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::ranges::sort(files);  // the order of a directory differs between machines; mutations must not
    return files;
}

Input read(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
        return 2;
    }
    const auto files = files_of(arguments[1]);
    if (files.empty()) {
        std::fprintf(stderr, "%s holds no inputs: a corpus has at least one file\n", arguments[1]);
        return 1;
    }
    bandstand::base::Random random{20260101};
    run({});
    for (const auto& file : files) {
        const Input input = read(file);
        run(input);
        for (int i = 0; i < kMutationsPerFile; ++i) run(mutate(input, random));
    }
    std::printf("%zu files, %d mutations each: no crash\n", files.size(), kMutationsPerFile);
    return 0;
}
