import {AceField, aceField} from "@web/views/fields/ace/ace_field";
import {formatText} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";
import {useBus} from "@web/core/utils/hooks";
import {useDebounced} from "@web/core/utils/timing";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {onWillUnmount, toRaw, useEffect, useRef} from "@odoo/owl";

/** Milliseconds without a key after which the request beside it is shown anew. */
const PAUSE = 400;

/** The field that was edited last: a value that is clicked goes there. */
let lastEdited = null;

/** What was typed and its record does not have yet. It stays until the server has
 * answered to it, also when the page of the notebook is left meanwhile. */
const drafts = new WeakMap();

function getDraft(record, name) {
    const model = toRaw(record.model);
    if (!drafts.has(model)) {
        drafts.set(model, {});
    }
    const place = [record.resModel, record.resId, name].join();
    return (drafts.get(model)[place] ??= {text: null, onTheWay: 0});
}

/** An expression: what it makes is shown while one types, not only afterwards, and so
 * is what is wrong with it, at its place. What a person typed wins over any answer that
 * comes later. */
export class ExpressionField extends AceField {
    static template = "inboost_connector.ExpressionField";

    setup() {
        super.setup();
        this.root = useRef("root");
        this.draft = getDraft(this.props.record, this.props.name);
        // The editor is filled by us alone: what is rendered comes a frame late.
        this.initialText = this.choose(this.props.record);
        this.commitSoon = useDebounced(() => this.commitWhenIdle(), PAUSE);
        useBus(this.env.bus, "INBOOST-INSERT", ({detail}) => this.insert(detail));
        useRecordObserver((record) => this.follow(record));
        useEffect(
            () => this.adapt(),
            () => [Boolean(this.root.el?.querySelector(".ace_editor"))]
        );
        useEffect(
            () => this.markProblem(),
            () => [this.problem?.text, this.problem?.position]
        );
        onWillUnmount(() => this.leave());
    }

    /** Typed text before that of the record. */
    choose(record) {
        const text = formatText(record.data[this.props.name]);
        return getDraft(record, this.props.name).text ?? text;
    }

    /** Show what a record has by now, unless a person has typed since. */
    follow(record) {
        const text = this.choose(record);
        const draft = getDraft(record, this.props.name);
        if (draft !== this.draft) {
            // Another record. It may have a text that came too late when it was left.
            this.draft = draft;
            this.noteDirty(false);
            this.commitSoon();
        }
        if (this.editor && this.editor.getValue() !== text) {
            this.isFollowing = true;
            this.editor.session.setValue(text);
            this.isFollowing = false;
        }
    }

    get problem() {
        return (this.props.record.data.problems || {})[this.props.name];
    }

    get editor() {
        return this.root.el?.querySelector(".ace_editor")?.env?.editor;
    }

    /** Long expressions are seen whole, and who has only a keyboard gets on. */
    adapt() {
        this.editor?.session.setUseWrapMode(true);
        this.editor?.commands.bindKeys({Tab: null, "Shift-Tab": null});
        this.follow(this.props.record);
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

    handleChange(text) {
        if (!this.isFollowing) {
            this.draft.text = text;
            this.noteDirty(true);
            this.commitSoon();
        }
    }

    /** A text that joins the queue behind a discard would be discarded with what was
     * there, and behind the next record it would become that one's. */
    async commitWhenIdle() {
        if (this.props.record.model.mutex._queueSize) {
            // A debounced function forgets what is asked of it while it runs.
            await null;
            this.commitSoon();
        } else {
            await this.commitChanges();
        }
    }

    async commitChanges() {
        const {name, readonly, record} = this.props;
        const draft = getDraft(record, name);
        const {text} = draft;
        if (readonly || text === null) {
            return;
        }
        draft.onTheWay++;
        try {
            await record.update({[name]: text});
        } finally {
            draft.onTheWay--;
        }
        if (name in record._changes) {
            // A form out of the cache, read anew meanwhile, forgot that it was changed.
            record.dirty = true;
        }
        if (!draft.onTheWay && draft.text === text) {
            draft.text = null;
            this.noteDirty(false);
        }
    }

    noteDirty(isDirty) {
        this.props.record.model.bus.trigger("FIELD_IS_DIRTY", isDirty);
    }

    onFocus() {
        lastEdited = this;
    }

    leave() {
        lastEdited = lastEdited === this ? null : lastEdited;
        return this.commitChanges();
    }

    /** Where nothing was edited yet, the first expression on the screen. */
    get takesValues() {
        const first = document.querySelector(".inboost-expression");
        return lastEdited ? lastEdited === this : first === this.root.el;
    }

    insert(path) {
        if (this.takesValues && !this.props.readonly) {
            this.editor.insert(path);
            this.editor.focus();
        }
    }
}

registry.category("fields").add("inboost_expression", {
    ...aceField,
    component: ExpressionField,
    supportedTypes: ["char", "text"],
    extractProps: () => ({mode: "javascript"}),
});
