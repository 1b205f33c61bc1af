import {onMounted, onWillUnmount} from "@odoo/owl";
import {
    ProgressBarField,
    progressBarField,
} from "@web/views/fields/progress_bar/progress_bar_field";
import {registry} from "@web/core/registry";

const EVERY = 2000;

/**
 * The progress of a run that a person watches: the form is loaded again while the run
 * is open. The option ``state_field`` names where a form that is not the run's own has
 * its state.
 */
export class RunProgress extends ProgressBarField {
    static props = {...ProgressBarField.props, stateField: String};

    setup() {
        super.setup();
        onMounted(() => {
            this.timer = setInterval(() => this.reload(), EVERY);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async reload() {
        const {record, stateField} = this.props;
        if (this.loading || !["queued", "running"].includes(record.data[stateField])) {
            return;
        }
        this.loading = true;
        try {
            // What is being typed would be lost.
            if (!(await record.isDirty())) {
                await record.load();
            }
        } catch (error) {
            // The server is away for a moment; the next turn tries again.
            console.warn(error);
        } finally {
            this.loading = false;
        }
    }
}

registry.category("fields").add("inboost_progress", {
    ...progressBarField,
    component: RunProgress,
    extractProps: (info, ...rest) => ({
        ...progressBarField.extractProps(info, ...rest),
        stateField: info.options.state_field || "state",
    }),
});
