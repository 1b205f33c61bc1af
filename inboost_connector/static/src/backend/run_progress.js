import {onMounted, onWillUnmount} from "@odoo/owl";
import {
    ProgressBarField,
    progressBarField,
} from "@web/views/fields/progress_bar/progress_bar_field";
import {registry} from "@web/core/registry";

const EVERY = 2000;

/**
 * The progress of a run that a person watches: the form is loaded again while the run
 * is open.
 */
export class RunProgress extends ProgressBarField {
    setup() {
        super.setup();
        onMounted(() => {
            this.timer = setInterval(() => this.reload(), EVERY);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async reload() {
        const {record} = this.props;
        if (["queued", "running"].includes(record.data.state)) {
            await record.load();
        } else {
            clearInterval(this.timer);
        }
    }
}

registry
    .category("fields")
    .add("inboost_progress", {...progressBarField, component: RunProgress});
