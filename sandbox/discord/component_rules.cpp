#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "sandbox/discord/message_rules.hpp"

namespace bandstand::sandbox {
namespace {

enum Type : std::int64_t {
    kActionRow = 1,
    kButton = 2,
    kStringSelect = 3,
    kTextInput = 4,
    kUserSelect = 5,
    kChannelSelect = 8,
    kSection = 9,
    kTextDisplay = 10,
    kThumbnail = 11,
    kMediaGallery = 12,
    kFile = 13,
    kSeparator = 14,
    kContainer = 17,
    kLabel = 18,
    kFileUpload = 19,
    kRadioGroup = 21,
    kCheckboxGroup = 22,
    kCheckbox = 23,
};

constexpr std::size_t kMaxRows = 5;
constexpr std::size_t kMaxV2Components = 40;
constexpr std::size_t kMaxV2Text = 4000;
constexpr std::int64_t kPremiumStyle = 6;
constexpr std::int64_t kLinkStyle = 5;

/// Walks the components of one message or modal: what must be unique or summed over all of them is here.
class Walk {
public:
    void row(const Form& row);
    void layout(const Form& component, bool in_container);
    void modal_part(const Form& component);
    void count(const Form& component);
    std::size_t counted() const { return counted_; }
    std::size_t characters() const { return characters_; }

private:
    void custom_id(const Form& component);
    void button(const Form& button);
    void select(const Form& select);
    void string_options(const Form& select);
    void section(const Form& section);
    void text_display(const Form& display);
    void gallery(const Form& gallery);
    void input(const Form& input);
    void media(const Form& component, std::string_view key, bool attachment_only);

    std::set<std::string> custom_ids_;
    std::set<std::int64_t> ids_;
    std::size_t counted_ = 0;
    std::size_t characters_ = 0;
};

std::int64_t type_of(const Form& component) {
    return number_of(component.value(), "type", -1);
}
bool is_select(std::int64_t type) {
    return type == kStringSelect || (type >= kUserSelect && type <= kChannelSelect);
}

void wrong_type(const Form& component, std::string_view allowed) {
    component.error("type", "UNION_TYPE_CHOICES",
                    "Value of field \"type\" must be one of (" + std::string{allowed} + ").");
}

void Walk::count(const Form& component) {
    ++counted_;
    const auto id = component.number("id", {.min = 0, .max = (std::int64_t{1} << 31) - 1});
    if (id && *id != 0 && !ids_.insert(*id).second) {
        component.error("id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated");
    }
}

void Walk::custom_id(const Form& component) {
    const auto id = component.text("custom_id", {.min = 1, .max = 100, .required = true});
    if (id && !custom_ids_.insert(*id).second) {
        component.error("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED",
                        "Component custom id cannot be duplicated");
    }
}

void Walk::button(const Form& button) {
    count(button);
    const auto style = button.choice("style", {1, 2, 3, 4, kLinkStyle, kPremiumStyle}, true).value_or(1);
    const auto label = button.text("label", {.max = 80});
    (void)button.object("emoji");
    (void)button.flag("disabled");
    if (style == kLinkStyle) {
        if (!button.has("url")) button.error("url", "BASE_TYPE_REQUIRED", "A url is required");
        (void)button.url("url", false, 512);
    } else if (style == kPremiumStyle) {
        (void)button.snowflake("sku_id", true);
    } else {
        custom_id(button);
    }
    if (style != kLinkStyle && button.has("url")) {
        button.error("url", "BUTTON_COMPONENT_INVALID_URL",
                     "A url cannot be specified for a button that is no link");
    }
    if (style == kLinkStyle && button.has("custom_id")) {
        button.error("custom_id", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                     "A custom id and url cannot both be specified");
    }
    if (style != kPremiumStyle && (!label || label->empty()) && !button.has("emoji")) {
        button.error("", "BUTTON_COMPONENT_EMPTY", "A button must have a label or emoji");
    }
}

void Walk::string_options(const Form& select) {
    std::set<std::string> values;
    for (const auto& option : select.objects("options", 1, 25, true)) {
        (void)option.text("label", {.min = 1, .max = 100, .required = true});
        (void)option.text("description", {.max = 100});
        (void)option.flag("default");
        const auto value = option.text("value", {.min = 1, .max = 100, .required = true});
        if (value && !values.insert(*value).second) {
            option.error("value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                         "The specified option value is already used");
        }
    }
}

void Walk::select(const Form& select) {
    count(select);
    custom_id(select);
    (void)select.text("placeholder", {.max = 150});
    const auto min = select.number("min_values", {.min = 0, .max = 25}).value_or(1);
    const auto max = select.number("max_values", {.min = 1, .max = 25}).value_or(1);
    if (min > max)
        select.error("min_values", "SELECT_COMPONENT_MIN_GREATER_THAN_MAX",
                     "min_values is greater than max_values");
    if (type_of(select) == kStringSelect) string_options(select);
}

void Walk::row(const Form& row) {
    count(row);
    const auto children = row.objects("components", 1, 5, true);
    const bool selects =
        std::ranges::any_of(children, [](const auto& child) { return is_select(type_of(child)); });
    if (selects && children.size() > 1) {
        row.error("components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A select takes the whole width of a row");
    }
    for (const auto& child : children) {
        if (type_of(child) == kButton) {
            button(child);
        } else if (is_select(type_of(child))) {
            select(child);
        } else {
            wrong_type(child, "2, 3, 5, 6, 7, 8");
        }
    }
}

void Walk::text_display(const Form& display) {
    count(display);
    const auto text = display.text("content", {.min = 1, .max = kMaxV2Text, .required = true});
    if (text) characters_ += count_characters(*text);
}

void Walk::media(const Form& component, std::string_view key, bool attachment_only) {
    const auto item = component.object(key);
    if (!item) return component.error(key, "BASE_TYPE_REQUIRED", "This field is required");
    const auto url = item->url("url", true);
    const bool attached = url && url->starts_with("attachment://");
    if (!url && !item->has("url")) item->error("url", "BASE_TYPE_REQUIRED", "This field is required");
    if (url && attachment_only && !attached) {
        item->error("url", "URL_TYPE_INVALID_SCHEME", "Must be attachment://<filename>");
    }
}

void Walk::section(const Form& section) {
    count(section);
    for (const auto& child : section.objects("components", 1, 3, true)) {
        if (type_of(child) == kTextDisplay) {
            text_display(child);
        } else {
            wrong_type(child, "10");
        }
    }
    const auto accessory = section.object("accessory");
    if (!accessory) return section.error("accessory", "BASE_TYPE_REQUIRED", "This field is required");
    if (type_of(*accessory) == kButton) return button(*accessory);
    if (type_of(*accessory) != kThumbnail) return wrong_type(*accessory, "2, 11");
    count(*accessory);
    (void)accessory->text("description", {.max = 1024});
    media(*accessory, "media", false);
}

void Walk::gallery(const Form& gallery) {
    count(gallery);
    for (const auto& item : gallery.objects("items", 1, 10, true)) {
        (void)item.text("description", {.max = 1024});
        media(item, "media", false);
    }
}

void Walk::layout(const Form& component, bool in_container) {
    switch (type_of(component)) {
        case kActionRow:
            return row(component);
        case kSection:
            return section(component);
        case kTextDisplay:
            return text_display(component);
        case kMediaGallery:
            return gallery(component);
        case kFile:
            count(component);
            return media(component, "file", true);
        case kSeparator:
            count(component);
            (void)component.flag("divider");
            (void)component.choice("spacing", {1, 2}, false);
            return;
        case kContainer:
            break;
        default:
            return wrong_type(component, in_container ? "1, 9, 10, 12, 13, 14" : "1, 9, 10, 12, 13, 14, 17");
    }
    if (in_container) return wrong_type(component, "1, 9, 10, 12, 13, 14");
    count(component);
    (void)component.number("accent_color", {.min = 0, .max = 0xFFFFFF});
    for (const auto& child : component.objects("components", 1, kMaxV2Components, true)) layout(child, true);
}

void Walk::input(const Form& input) {
    count(input);
    custom_id(input);
    (void)input.choice("style", {1, 2}, true);
    (void)input.text("label", {.max = 45});
    (void)input.text("placeholder", {.max = 100});
    (void)input.text("value", {.max = 4000});
    (void)input.number("min_length", {.min = 0, .max = 4000});
    (void)input.number("max_length", {.min = 1, .max = 4000});
}

void Walk::modal_part(const Form& component) {
    count(component);
    if (type_of(component) == kTextDisplay) return text_display(component);
    if (type_of(component) == kActionRow) {  // deprecated in modals, still taken
        for (const auto& child : component.objects("components", 1, 1, true)) {
            type_of(child) == kTextInput ? input(child) : wrong_type(child, "4");
        }
        return;
    }
    if (type_of(component) != kLabel) return wrong_type(component, "1, 10, 18");
    (void)component.text("label", {.min = 1, .max = 45, .required = true});
    (void)component.text("description", {.max = 100});
    const auto child = component.object("component");
    if (!child) return component.error("component", "BASE_TYPE_REQUIRED", "This field is required");
    const auto type = type_of(*child);
    if (type == kTextInput) return input(*child);
    if (is_select(type)) return select(*child);
    if (type != kFileUpload && type != kRadioGroup && type != kCheckboxGroup && type != kCheckbox) {
        return wrong_type(*child, "3, 4, 5, 6, 7, 8, 19, 21, 22, 23");
    }
    count(*child);
    custom_id(*child);
}

/// Discord numbers components that carry no id, in the order in which they stand.
void assign_ids(Json& component, std::int64_t& next) {
    if (number_of(component, "id") == 0) component["id"] = next++;
    for (const auto* key : {"components", "items"}) {
        if (!component.contains(key) || !component[key].is_array()) continue;
        for (auto& child : component[key]) {
            if (child.is_object() && child.contains("type")) assign_ids(child, next);
        }
    }
    if (component.contains("accessory") && component["accessory"].is_object())
        assign_ids(component["accessory"], next);
}

}  // namespace

Json read_components(const Form& form, bool v2) {
    Walk walk;
    for (const auto& component : form.objects("components", 0, v2 ? kMaxV2Components : kMaxRows, false)) {
        if (v2) {
            walk.layout(component, false);
        } else if (type_of(component) == kActionRow) {
            walk.row(component);
        } else {
            wrong_type(component, "1");
        }
    }
    if (v2 && walk.counted() > kMaxV2Components) {
        form.error("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                   "The maximum of " + std::to_string(kMaxV2Components) + " components was exceeded");
    }
    if (walk.characters() > kMaxV2Text) {
        form.error("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
                   "The total displayable text exceeds " + std::to_string(kMaxV2Text) + " characters");
    }
    Json kept = member_of(form.value(), "components");
    if (!kept.is_array()) return Json::array();
    std::int64_t next = 1;
    for (auto& component : kept) {
        if (component.is_object()) assign_ids(component, next);
    }
    return kept;
}

void check_modal(const Form& form) {
    (void)form.text("custom_id", {.min = 1, .max = 100, .required = true});
    (void)form.text("title", {.min = 1, .max = 45, .required = true});
    Walk walk;
    for (const auto& component : form.objects("components", 1, 5, true)) walk.modal_part(component);
}

}  // namespace bandstand::sandbox
