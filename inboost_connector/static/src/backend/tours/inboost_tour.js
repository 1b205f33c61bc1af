import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const menu = (name) => `[data-menu-xmlid="inboost_connector.inboost_${name}_menu"]`;

// The way of a new administrator: how it goes, who is who, what was sent, where to begin.
registry.category("web_tour.tours").add("inboost_tour", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: '.o_app[data-menu-xmlid="inboost_connector.inboost_menu_root"]',
            content: _t("See how your shop and InBoost keep in step."),
            run: "click",
        },
        {
            trigger: `.o_inboost_health_page, .o_nav_entry${menu("customer")}`,
        },
        {
            trigger: `.o_nav_entry${menu("customer")}`,
            content: _t(
                "Customers of InBoost are linked to your contacts by phone. Those who " +
                    "are unclear come first."
            ),
            run: "click",
        },
        {
            trigger: ".o_inboost_customer_view, .o_list_view, .o_view_nocontent",
        },
        {
            trigger: `.o_nav_entry${menu("event")}`,
            content: _t(
                "Each purchase, each change of points and each balance is an event: " +
                    "sent, or waiting with its reason."
            ),
            run: "click",
        },
        {
            // A narrow bar has it under the plus sign.
            trigger: `.o_menu_sections ${menu("configuration")}:visible, .o_menu_sections_more button`,
            content: _t("Connect your portal here."),
            run: "click",
        },
        {
            trigger: `.o-dropdown-item${menu("backend")}`,
            content: _t("A backend is one portal of InBoost."),
            run: "click",
        },
        {
            trigger: ".o_control_panel .btn-primary",
            content: _t("Make one: its setup leads you through seven steps."),
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=address] input",
        },
    ],
});
