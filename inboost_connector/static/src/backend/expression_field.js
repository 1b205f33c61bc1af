import {AceField, aceField} from "@web/views/fields/ace/ace_field";
import {registry} from "@web/core/registry";
import {useBus} from "@web/core/utils/hooks";
import {useDebounced} from "@web/core/utils/timing";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useEffect, useRef} from "@odoo/owl";

/** Milliseconds without a key after which the request beside it is shown anew. */
const PAUSE = 400;

/** The field that was edited last: a value that is clicked goes there. */
let lastEdited = null;

/** An expression: what it makes is shown while one types, not only afterwards, and so
 * is what is wrong with it, at its place. */
export class ExpressionField extends AceField {
    static template = "inboost_connector.ExpressionField";

    setup() {
        super.setup();
        this.root = useRef("root");
        this.commitSoon = useDebounced(() => this.commitChanges(), PAUSE);
        useBus(this.env.bus, "INBOOST-INSERT", ({detail}) => this.insert(detail));
        // What was typed while an earlier text was on its way stays.
        useRecordObserver(() => {
            if (this.isDirty) {
                this.state.initialValue = this.editedValue;
            }
        });
        useEffect(
            () => this.adapt(),
            () => [Boolean(this.root.el?.querySelector(".ace_editor"))]
        );
        useEffect(
            () => this.markProblem(),
            () => [this.problem?.text, this.problem?.position]
        );
    }

    get problem() {
        return (this.props.record.data.problems || {})[this.props.name];
    }

    get editor() {
        return this.root.el.querySelector(".ace_editor")?.env?.editor;
    }

    /** Long expressions are seen whole, and who has only a keyboard gets on. */
    adapt() {
        this.editor?.session.setUseWrapMode(true);
        this.editor?.commands.bindKeys({Tab: null, "Shift-Tab": null});
    }

    markProblem() {
        const {editor, problem} = this;
        if (!editor) {
            return;
        }
        const place = problem && this.findPlace(problem);
        editor.session.setAnnotations(
            problem ? [{...place, text: problem.text, type: "error"}] : []
        );
    }

    /** Where it is wrong, as the editor counts. */
    findPlace({position}) {
        return this.editor.session.doc.indexToPosition(position);
    }

    showProblem() {
        const {row, column} = this.findPlace(this.problem);
        this.editor.gotoLine(row + 1, column);
        this.editor.focus();
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
        await this.props.record.update({[this.props.name]: value});
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
        this.editor.insert(path);
        this.editor.focus();
    }
}

registry.category("fields").add("inboost_expression", {
    ...aceField,
    component: ExpressionField,
});
