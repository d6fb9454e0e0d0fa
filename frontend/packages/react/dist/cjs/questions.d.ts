import type { Api } from "./api.js";
import type { BatchState, VideoCounts } from "./contract.js";
import type { Question } from "./look.js";
/** How a batch stands. Every event of one of its videos may change that. */
export declare function batchQuestion(api: Api, id: string): Question<BatchState>;
/** How many videos stand where. Within a stage nothing of that changes. */
export declare function countsQuestion(api: Api): Question<VideoCounts>;
