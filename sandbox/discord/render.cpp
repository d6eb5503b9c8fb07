#include "sandbox/discord/render.hpp"

#include <vector>

#include "sandbox/discord/world.hpp"

namespace bandstand::sandbox {
namespace {

void line(std::string& out, std::string_view text) {
    if (text.empty()) return;
    if (!out.empty()) out += '\n';
    out += text;
}

/// "│ " in front of every line of an embed.
std::string boxed(std::string_view text) {
    std::string out = "│ ";
    for (const char c : text) {
        out += c;
        if (c == '\n') out += "│ ";
    }
    return out;
}

std::string render_embed(const Json& embed) {
    std::string out;
    line(out, text_of(member_of(embed, "author"), "name"));
    auto title = text_of(embed, "title");
    if (const auto url = text_of(embed, "url"); !url.empty()) title += " <" + url + ">";
    line(out, title);
    line(out, text_of(embed, "description"));
    const auto& fields = member_of(embed, "fields");
    for (std::size_t i = 0; fields.is_array() && i < fields.size(); ++i) {
        line(out, text_of(fields[i], "name") + ": " + text_of(fields[i], "value"));
    }
    line(out, text_of(member_of(embed, "footer"), "text"));
    return out.empty() ? out : boxed(out);
}

std::string label_of(const Json& component) {
    const auto emoji = text_of(member_of(component, "emoji"), "name");
    auto label = text_of(component, "label", text_of(component, "placeholder"));
    if (!emoji.empty()) label = label.empty() ? emoji : emoji + " " + label;
    return label;
}

void collect(const Json& components, std::vector<const Json*>& out) {
    if (!components.is_array()) return;
    for (const auto& component : components) {
        if (component.contains("custom_id")) out.push_back(&component);
        collect(member_of(component, "components"), out);
        if (const auto& accessory = member_of(component, "accessory"); accessory.contains("custom_id")) {
            out.push_back(&accessory);
        }
    }
}

void collect_text(const Json& components, std::string& out) {
    if (!components.is_array()) return;
    for (const auto& component : components) {
        line(out, text_of(component, "content"));
        collect_text(member_of(component, "components"), out);
    }
}

}  // namespace

std::string render_message(const Json& message) {
    std::string out = text_of(message, "content");
    const auto& embeds = member_of(message, "embeds");
    for (std::size_t i = 0; embeds.is_array() && i < embeds.size(); ++i) line(out, render_embed(embeds[i]));
    collect_text(member_of(message, "components"), out);
    std::vector<const Json*> controls;
    collect(member_of(message, "components"), controls);
    std::string buttons;
    for (const auto* control : controls) {
        const auto label = label_of(*control);
        buttons += (buttons.empty() ? "" : " ") +
                   (flag_of(*control, "disabled") ? "(" + label + ")" : "[" + label + "]");
    }
    line(out, buttons);
    return out;
}

const Json* find_component(const Json& components, std::string_view target) {
    std::vector<const Json*> controls;
    collect(components, controls);
    const auto wanted = lower(target);
    for (const auto* control : controls) {
        if (lower(text_of(*control, "custom_id")) == wanted || lower(text_of(*control, "label")) == wanted)
            return control;
    }
    const Json* found = nullptr;
    for (const auto* control : controls) {
        const auto names = lower(text_of(*control, "custom_id") + "\n" + label_of(*control));
        if (names.find(wanted) == std::string::npos) continue;
        if (found != nullptr) return nullptr;
        found = control;
    }
    return found;
}

}  // namespace bandstand::sandbox
