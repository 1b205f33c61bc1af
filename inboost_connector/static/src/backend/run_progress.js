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
        if (this.loading || !["queued", "running"].includes(record.data.state)) {
            return;
        }
        this.loading = true;
        try {
            await record.load();
        } catch (error) {
            // The server is away for a moment; the next turn tries again.
            console.warn(error);
        } finally {
            this.loading = false;
        }
    }
}

registry
    .category("fields")
    .add("inboost_progress", {...progressBarField, component: RunProgress});
