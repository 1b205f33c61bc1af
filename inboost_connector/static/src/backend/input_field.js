import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** Characters of a value that are shown. */
const MAX_SHOWN = 40;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A name as JMESPath has it. */
function quoted(name) {
    return NAME.test(name) ? name : JSON.stringify(name);
}

/** The rows of a value: its path, how deep it lies, and what it is. */
function rowsOf(value, path = "", depth = 0) {
    return Object.entries(value).flatMap(([name, item]) => {
        const below = path ? `${path}.${quoted(name)}` : quoted(name);
        const row = {path: below, name, depth, text: ""};
        if (Array.isArray(item) && item[0] && typeof item[0] === "object") {
            return [row, ...rowsOf(item[0], `${below}[]`, depth + 1)];
        }
        if (item && typeof item === "object" && !Array.isArray(item)) {
            return [row, ...rowsOf(item, below, depth + 1)];
        }
        return [{...row, text: JSON.stringify(item).slice(0, MAX_SHOWN)}];
    });
}

/** All that an expression may read. A click, or Enter, puts its path into the
 * expression that was edited last. */
export class InputField extends Component {
    static template = "inboost_connector.InputField";
    static props = {...standardFieldProps};

    get rows() {
        return rowsOf(JSON.parse(this.props.record.data[this.props.name] || "{}"));
    }

    insert(path) {
        this.env.bus.trigger("INBOOST-INSERT", path);
    }
}

registry.category("fields").add("inboost_input", {
    component: InputField,
    supportedTypes: ["text"],
});
