import { AceField, aceField } from "@web/views/fields/ace/ace_field";
import { registry } from "@web/core/registry";
import { useBus } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { useRef } from "@odoo/owl";

/** Milliseconds without a key after which the request beside it is shown anew. */
const PAUSE = 400;

/** The field that was edited last: a value that is clicked goes there. */
let lastEdited = null;

/** An expression: what it makes is shown while one types, not only afterwards. */
export class ExpressionField extends AceField {
    static template = "inboost_connector.ExpressionField";

    setup() {
        super.setup();
        this.root = useRef("root");
        this.commitSoon = useDebounced(() => this.commitChanges(), PAUSE);
        useBus(this.env.bus, "INBOOST-INSERT", ({ detail }) => this.insert(detail));
        // What was typed while an earlier text was on its way stays.
        useRecordObserver(() => {
            if (this.isDirty) {
                this.state.initialValue = this.editedValue;
            }
        });
    }

    handleChange(editedValue) {
        this.editedValue = editedValue;
        this.noteDirty(true);
        this.commitSoon();
    }

    async commitChanges() {
        if (this.props.readonly || !this.isDirty) {
            return;
        }
        const value = this.editedValue;
        await this.props.record.update({ [this.props.name]: value });
        this.noteDirty(this.editedValue !== value);
    }

    noteDirty(isDirty) {
        this.isDirty = isDirty;
        this.props.record.model.bus.trigger("FIELD_IS_DIRTY", isDirty);
    }

    onFocus() {
        lastEdited = this.props.name;
    }

    insert(path) {
        if (this.props.readonly || this.props.name !== (lastEdited || "body")) {
            return;
        }
        const { editor } = this.root.el.querySelector(".ace_editor").env;
        editor.insert(path);
        editor.focus();
    }
}

registry.category("fields").add("inboost_expression", {
    ...aceField,
    component: ExpressionField,
});
