import {Component} from "@odoo/owl";
import {CopyButton} from "@web/core/copy_button/copy_button";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/**
 * A text that machines wrote, such as JSON: indented, in columns, and copied by one
 * press.
 */
export class ReadableField extends Component {
    static template = "inboost_connector.ReadableField";
    static components = {CopyButton};
    static props = {...standardFieldProps};

    get words() {
        return {copy: _t("Copy"), copied: _t("Copied")};
    }

    get text() {
        const value = this.props.record.data[this.props.name] || "";
        try {
            return JSON.stringify(JSON.parse(value), null, 2);
        } catch {
            // No JSON, or cut: as it is.
            return value;
        }
    }
}

registry.category("fields").add("inboost_readable", {
    component: ReadableField,
    supportedTypes: ["text", "char"],
});
