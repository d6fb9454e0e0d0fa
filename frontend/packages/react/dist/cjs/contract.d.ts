/** A time in RFC 3339, UTC. */
export type Timestamp = string;
/** A place in the organization's event log, "epoch.seq". */
export type Cursor = string;
/** The place of an event in its organization's log: contiguous within an epoch. */
export interface Logged {
    seq: number;
}
/** Status is where a video stands. */
export declare const statuses: readonly ["queued", "processing", "completed", "failed", "cancelled", "deleted"];
export type Status = (typeof statuses)[number];
/** Stage is one step of the pipeline. */
export declare const stages: readonly ["metadata", "thumbnail", "sensitivity", "rendition"];
export type Stage = (typeof stages)[number];
/** Verdict sums up the sensitivity stage. */
export declare const verdicts: readonly ["safe", "review", "flagged"];
export type Verdict = (typeof verdicts)[number];
/** JobStatus is where a job stands. A job is the work on a video, under the video's id, in the words of clients that know jobs only. */
export declare const jobStatuses: readonly ["pending", "processing", "complete", "failed", "cancelled"];
export type JobStatus = (typeof jobStatuses)[number];
/** BatchStatus is where a batch stands, in the words of its clients. */
export declare const batchStatuses: readonly ["processing", "complete", "failed", "cancelled"];
export type BatchStatus = (typeof batchStatuses)[number];
/** VideoSort is the order of a list: a field, with "-" before it for the reverse. Videos of one value are ordered by id, which the "-" reverses, too. Text is compared by code points (which is what comparing its UTF-8 bytes does, and comparing UTF-16 units does not), with the shorter first where one begins with the other. */
export declare const sorts: readonly ["-createdAt", "createdAt", "title", "-title", "size", "-size", "duration", "-duration"];
export type VideoSort = (typeof sorts)[number];
/** PlaybackKind is where the file comes from that a browser plays. */
export declare const playbackKinds: readonly ["source", "remux", "rendition"];
export type PlaybackKind = (typeof playbackKinds)[number];
/** Role is what a member may do in an organization. */
export declare const roles: readonly ["viewer", "editor", "admin", "service"];
export type Role = (typeof roles)[number];
/** Code names one kind of failure. Codes are part of the outside contract: they may be added, never renamed. */
export declare const codes: readonly ["internal", "invalid", "not_found", "conflict", "forbidden", "origin_not_allowed", "token_missing", "token_expired", "token_invalid", "token_revoked", "ticket_invalid", "rate_limited", "unavailable", "unsupported", "too_large", "empty_file", "unsupported_media", "upload_incomplete", "storage_full", "disk_full", "quota_exceeded", "offset_mismatch", "upload_locked", "upload_version", "reset", "stale", "leased", "unsettled", "revocations_full", "policy_changed", "batch_full", "upgrade_required", "credentials_invalid", "session_ended", "invite_invalid", "email_taken", "setup_code_invalid", "local_link_invalid", "last_admin", "cancelled", "deleted", "corrupt", "truncated", "no_video", "dimensions_too_large", "duration_too_long", "stalled", "timeout", "resource", "poison", "source_lost", "tool_missing", "external"];
export type Code = (typeof codes)[number];
/** Decision is what a person made of a video. */
export declare const decisions: readonly ["approve", "flag", "clear"];
export type Decision = (typeof decisions)[number];
/** StepName says what happened in the work on a video. */
export declare const stepNames: readonly ["queued", "stage", "delayed", "interrupted", "completed", "failed", "cancelled"];
export type StepName = (typeof stepNames)[number];
/** AuditAction names what was done. */
export declare const auditActions: readonly ["policy.changed", "video.reviewed", "video.reassessed", "video.renamed", "video.cancelled", "video.retried", "video.deleted", "video.ended", "video.not_found", "user.revoked", "token.revoked", "member.joined", "member.role_changed", "member.removed", "password.changed", "password.reset_offered", "invite.created", "invite.withdrawn", "organization.renamed", "session.reused"];
export type AuditAction = (typeof auditActions)[number];
/** Level is how much a message matters. */
export declare const levels: readonly ["info", "warning", "critical"];
export type Level = (typeof levels)[number];
/** EventName is the name under which an event reaches every door. */
export declare const eventNames: readonly ["video:queued", "video:progress", "video:processed", "video:failed", "video:cancelled", "video:deleted", "video:updated", "server:announcement", "notification:personal", "chat:message", "upload:progress", "upload:finished", "upload:cancelled", "auth:expiring", "stream:ready", "stream:reset"];
export type EventName = (typeof eventNames)[number];
/** Of failed videos: these stand for the file itself, so another attempt ends alike. */
export declare const permanentCodes: readonly Code[];
/** Document is a video as every client sees it: in the list, alone, in an ack and in an event. */
export interface VideoDocument {
    /** MongoID repeats ID under the name that apps of a MongoDB back end read. */
    _id: string;
    id: string;
    organizationId: string;
    title: string;
    fileName: string;
    /** Size is in bytes, SHA256 in hexadecimal. */
    size: number;
    sha256: string;
    mediaType: string;
    uploadedBy: string;
    /** BatchID names the batch that it came with; null for one that came alone. */
    batchId: string | null;
    status: Status;
    stage: Stage | null;
    progress: number;
    stageProgress: number;
    message: string;
    /** EtaSeconds, EtaHighSeconds, Retry and RetryAt are as in Progress. */
    etaSeconds: number | null;
    etaHighSeconds: number | null;
    retry: number;
    retryAt: Timestamp | null;
    /** QueuePosition is a waiting video's place: 1 is the next to be worked on. It is null when that is not known. */
    queuePosition: number | null;
    attempt: number;
    rev: number;
    metadata: Metadata | null;
    /** Thumbnail and Media are signed, expiring, absolute URLs. */
    thumbnail: string | null;
    placeholder: string | null;
    /** Storyboard is the URL, of the same kind, of a WebVTT file that names the parts of one picture to show while scrubbing; null while there is none. */
    storyboard: string | null;
    /** Playback is what a browser can play; null while that is not known, and where there is nothing. */
    playback: Playback | null;
    media: string;
    sensitivity: Sensitivity | null;
    warnings: Warning[] | null;
    /** Error and Code tell why a failed video failed. */
    error: string | null;
    code: Code | null;
    /** Story is what happened in the work on it, oldest first; empty for a video of an earlier version. */
    story: Step[] | null;
    createdAt: Timestamp;
    updatedAt: Timestamp;
    startedAt: Timestamp | null;
    finishedAt: Timestamp | null;
}
/** Metadata is what ffprobe and a scan of the packets say about a file. */
export interface Metadata {
    container: Container;
    /** DurationSeconds is the playing time. */
    durationSeconds: number;
    /** DurationSource tells where it was taken from: "container", "stream" or "packets" (the last presentation time of a scan). */
    durationSource: string;
    sizeBytes: number;
    /** BitRate is in bits per second, over all streams. */
    bitRate: number;
    video: VideoStream;
    audio: AudioTrack[] | null;
    chapters: Chapter[] | null;
}
/** Container names the file format, in ffprobe's words. */
export interface Container {
    format: string;
    longName: string;
}
/** VideoStream describes the first video stream that is not cover art. */
export interface VideoStream {
    codec: string;
    profile: string;
    /** CodedWidth and CodedHeight are the stream's own; Width and Height are what a player shows, after rotation and sample aspect ratio. */
    codedWidth: number;
    codedHeight: number;
    width: number;
    height: number;
    /** Rotation is clockwise, in degrees: 0, 90, 180 or 270. */
    rotation: number;
    /** FrameRate is the average, NominalFrameRate the lowest that can show all time stamps exactly; both in frames per second. */
    frameRate: number;
    nominalFrameRate: number;
    /** Frames counts the video packets, KeyframeGapSeconds is the largest distance between two keyframes. */
    frames: number;
    keyframes: number;
    keyframeGapSeconds: number;
    bitRate: number;
    pixelFormat: string;
    colorSpace: string;
    colorTransfer: string;
    colorPrimaries: string;
    colorRange: string;
}
/** AudioTrack describes one audio stream. */
export interface AudioTrack {
    codec: string;
    profile: string;
    channels: number;
    layout: string;
    /** SampleRate is in hertz, BitRate in bits per second. */
    sampleRate: number;
    bitRate: number;
    language: string;
}
/** Chapter is a named span of the file. */
export interface Chapter {
    startMs: number;
    endMs: number;
    title: string;
}
/** Sensitivity is what the classifier saw in the sampled frames. */
export interface Sensitivity {
    /** Verdict is the one that holds: a person's decision where there is one, else the machine's. Who reads nothing else acts upon the right one. */
    verdict: Verdict;
    /** MachineVerdict is what the policy made of the scores. */
    machineVerdict: Verdict;
    /** Review is the person's decision, or null. */
    review: Review | null;
    /** PolicyVersion is that of the organization's Policy under which the frames were assessed; 0 when unknown. */
    policyVersion: number;
    /** Scores holds, by category, the highest score (0 to 1) that stood in as many frames in a row as the policy asks for: two, if it says nothing else. */
    scores: Record<string, number> | null;
    segments: SensitivitySegment[] | null;
    /** Frames is how many were classified; Sampling is "keyframes" or "interval". */
    frames: number;
    sampling: string;
    model: string;
    scope: string;
}
/** SensitivitySegment is a span in which a category stayed above its threshold. */
export interface SensitivitySegment {
    startMs: number;
    endMs: number;
    category: string;
    score: number;
    /** EvidenceMs is the moment of the frame with the highest score. */
    evidenceMs: number;
    /** Evidence is the signed, expiring, absolute URL of the picture that shows it, or the kept one nearest to it within the segment; null where none is kept. Made for clients; stores keep none. */
    evidence: string | null;
}
/** Review is a person's decision, which outranks the machine's. Every member of the organization sees it. */
export interface Review {
    decision: Decision;
    note: string;
    by: string;
    at: Timestamp;
    /** MachineVerdict and PolicyVersion are what the machine said at that time. */
    machineVerdict: Verdict;
    policyVersion: number;
    /** Rev is the video's revision that the review made. */
    rev: number;
}
/** Warning is something about the file that a person should know. */
export interface Warning {
    code: string;
    message: string;
}
/** Playback is the one thing that a <video> element takes. */
export interface Playback {
    /** URL is signed, expiring and absolute. */
    url: string;
    mediaType: string;
    kind: PlaybackKind;
}
/** Step is a moment in the work on a video: what went on until the one before ended then. */
export interface Step {
    at: Timestamp;
    step: StepName;
    /** Attempt counts from 1. */
    attempt: number;
    /** Stage is the one that begins, or the one that was met by what happened. */
    stage?: Stage;
    /** Message is for people: why the stage was put off, or the attempt failed. */
    message?: string;
    code?: Code;
}
/** Job says how far the work on a video is. Fields are as in Document and Progress. */
export interface Job {
    jobId: string;
    title: string;
    status: JobStatus;
    progress: number;
    stage: Stage | null;
    stageProgress: number;
    message: string;
    etaSeconds: number | null;
    etaHighSeconds: number | null;
    retry: number;
    retryAt: Timestamp | null;
    queuePosition: number | null;
    attempt: number;
    rev: number;
    /** Result is there when the job is complete; Error and Code when it failed. */
    result?: JobResult | null;
    error?: string | null;
    code?: Code | null;
}
/** JobResult is what the work has found; fields are as in Document. */
export interface JobResult {
    metadata: Metadata | null;
    thumbnail: string | null;
    placeholder: string | null;
    storyboard: string | null;
    sensitivity: Sensitivity | null;
    warnings: Warning[] | null;
    playback: Playback | null;
}
/** BatchState is a batch as its clients see it. The names of the fields are those of batch clients that exist. */
export interface BatchState {
    job_id: string;
    status: BatchStatus;
    /** Progress is 0 to 100: videos that have ended, and the share of those that are being worked on. It does not fall; it stays 0 while files are received. */
    progress: number;
    /** Processed is how many have ended, in any way, out of Total. A video that is retried has ended once. */
    processed: number;
    total: number;
    /** EtaSeconds is until all have ended; null while nothing can be said. */
    eta_seconds: number | null;
    succeeded: number;
    failed: number;
    cancelled: number;
    deleted: number;
    /** Retrying is how many are in a later attempt. */
    retrying: number;
    /** RejectedCount is how many files were not taken, Rejected which and why: the first MaxRejections of them, or fewer in a stream of states. */
    rejected_count: number;
    rejected: Rejection[] | null;
    /** Receiving tells that files still arrive: Total still grows. Cut tells that the request ended before its end, Cancelling that all of it is being ended. */
    receiving: boolean;
    cut: boolean;
    cancelling: boolean;
    created_at: Timestamp;
    finished_at: Timestamp | null;
}
/** Rejection is a file of a batch that was not taken. */
export interface Rejection {
    /** Index is the file's place in the request, from 0. */
    index: number;
    name: string;
    code: Code;
    message: string;
}
/** Policy says from which scores on an organization wants a video to be looked at. It is versioned: what was assessed under an older one is assessed again. */
export interface Policy {
    /** Version is 1 for DefaultPolicy, and raised by each change. */
    version: number;
    /** ReviewAt and FlagAt are the explicit scores, 0 to 1, from which a video is for a person to look at, and flagged. ReviewAt is at most FlagAt. */
    reviewAt: number;
    flagAt: number;
    /** SuggestiveAt is from when a span is shown as suggestive; it decides nothing. */
    suggestiveAt: number;
    /** MinimumRun is how many frames in a row must show it: 1 to MaxRun. */
    minimumRun: number;
    /** UpdatedAt and UpdatedBy tell who changed it last, and when; the default has neither. */
    updatedAt: Timestamp | null;
    updatedBy: string;
}
/** PolicyPreview tells what a policy would make of an organization's videos, from their stored scores; nothing is changed by asking. */
export interface PolicyPreview {
    /** Videos is how many completed ones were looked at, the newest first; More tells that there are older ones. */
    videos: number;
    more: boolean;
    /** Unknown have no stored scores, and stay as they are. */
    unknown: number;
    /** Reviewed have a person's decision, which holds under every policy. */
    reviewed: number;
    /** Before and After count the others by the verdict that holds. */
    before: Record<string, number> | null;
    after: Record<string, number> | null;
    /** Changed is how many would get another verdict; Changes names the first. */
    changed: number;
    changes: PreviewChange[] | null;
}
/** PreviewChange is a video that would get another verdict. */
export interface PreviewChange {
    id: string;
    title: string;
    from: Verdict;
    to: Verdict;
}
/** ScoresDocument is what the classifier said of each frame that it looked at. */
export interface ScoresDocument {
    videoId: string;
    model: string;
    /** PolicyVersion is the one under which the verdict was made of them. */
    policyVersion: number;
    /** Categories names the scores of a frame, in their order. */
    categories: string[] | null;
    frames: ScoredFrame[] | null;
}
/** ScoredFrame is one frame: its moment, and its scores from 0 to 1. */
export interface ScoredFrame {
    atMs: number;
    scores: number[] | null;
}
/** AuditEntry says who did what to what, and when. Entries are never changed. None of a change is missing, because the entry is part of the write that it tells of: it stands on the record until the trail has it, and the record counts as untold until then. What ends a process between the two makes the entry late, which shows in nothing: its place is that of its time. A revocation's is written right after it, and those of attempts are bounded. */
export interface AuditEntry {
    /** ID is unique in the organization; adding it twice adds it once. Among entries of the same time it gives the order. */
    id: string;
    at: Timestamp;
    /** By is a user's id; "" for what the product did of itself. */
    by: string;
    action: AuditAction;
    /** VideoID is "" for what concerns the whole organization; Rev is the video's revision that was made. */
    videoId?: string;
    rev?: number;
    /** Target is what was named, where that is no video of the organization: the id that was asked for, the user or the token that was ended. */
    target?: string;
    /** Count is how many attempts the entry stands for, the last of which named the target; 0 for what is no attempt. */
    count?: number;
    /** Before and After hold what changed, and nothing else. */
    before: AuditState;
    after: AuditState;
    /** Note is what the person added. */
    note?: string;
}
/** AuditState is the part of a video or an organization that entries tell of. */
export interface AuditState {
    status?: Status;
    attempt?: number;
    title?: string;
    verdict?: Verdict;
    machineVerdict?: Verdict;
    policyVersion?: number;
    decision?: Decision;
    policy?: Policy | null;
    role?: Role;
}
/** Console is what an admin sees of the installation: what concerns the own organization, over all nodes, and nothing of any other. */
export interface Console {
    at: Timestamp;
    /** Nodes are the servers that have answered. */
    nodes: ConsoleNode[] | null;
    connections: ConsoleConnections;
    queue: ConsoleQueue;
    /** Latency is that of the last minute. */
    latency: ConsoleLatency;
    limits: ConsoleLimit[] | null;
    /** Series is what was measured in the last ten minutes, oldest first. */
    series: ConsolePoint[] | null;
    /** Missing names what could not be had in time: "nodes" (others than the one that answers), "queue", "workers", "limits". */
    missing: string[] | null;
}
/** ConsoleNode is one server. */
export interface ConsoleNode {
    /** ID is new with each start. */
    id: string;
    startedAt: Timestamp;
    /** Connections are the organization's there. */
    connections: number;
}
/** ConsoleConnections are the organization's connections. */
export interface ConsoleConnections {
    total: number;
    /** ByDoor counts them by door: "socketio", "sse", "ws", "ws-batch", "poll". */
    byDoor: Record<string, number> | null;
    /** Items are the newest, 200 at most, newest first; More is how many are not among them. */
    items: ConsoleConnection[] | null;
    more: number;
}
/** ConsoleConnection is one connection. Its UserID, or its TokenID where it has one, is what POST /api/auth/revocations takes to end it. */
export interface ConsoleConnection {
    id: string;
    node: string;
    userId: string;
    /** TokenID is the token's jti; "" where it has none. */
    tokenId?: string;
    role: Role;
    /** Door is one of those of ConsoleConnections.ByDoor; Transport is "websocket", "polling" or "http". */
    door: string;
    transport: string;
    /** Address is where the client comes from, behind the trusted proxies. */
    address: string;
    connectedAt: Timestamp;
    /** Rooms is how many rooms it is in; Videos are those it follows, at most 10. */
    rooms: number;
    videos: string[] | null;
    /** RTTMs is the last round trip of a ping, in ms; null where none was measured. */
    rttMs: number | null;
    /** Sent counts the events that it was handed, QueuedBytes is what waits for it. */
    sent: number;
    queuedBytes: number;
}
/** ConsoleQueue is the organization's work. */
export interface ConsoleQueue {
    waiting: number;
    running: number;
    /** OldestSeconds is how long the first that waits has done so; 0 for none. */
    oldestSeconds: number;
    workers: ConsoleWorker[] | null;
}
/** ConsoleWorker is one process that works on videos. */
export interface ConsoleWorker {
    /** ID is new with each start. */
    id: string;
    /** Concurrency is how many videos it works on at once, Busy how many it does. */
    concurrency: number;
    busy: number;
    /** Videos are the organization's own among them. */
    videos: ConsoleTask[] | null;
}
/** ConsoleTask is a video that is being worked on. */
export interface ConsoleTask {
    videoId: string;
    title: string;
    stage: Stage;
    attempt: number;
}
/** ConsoleLatency is how long events take from their time until they were written to their sockets; null where none was. */
export interface ConsoleLatency {
    p50Ms: number | null;
    p99Ms: number | null;
}
/** ConsoleLimit is one limit, and what is used of it. */
export interface ConsoleLimit {
    /** Name is as in the metrics: "connections", "downloads", "events", "queued", "unfinished_uploads", "unfinished_bytes". */
    name: string;
    used: number;
    /** Limit is 0 for none. */
    limit: number;
    /** Unit is "connections", "files", "events", "videos", "uploads", "bytes". For events, Limit is what may come at once, half of that each second, and Used what of it is not free again. */
    unit: string;
}
/** ConsolePoint is what was measured in some seconds that began at At. */
export interface ConsolePoint {
    at: Timestamp;
    /** Events came into the log, Delivered were handed to clients: each in a second. */
    events: number;
    delivered: number;
    p50Ms: number | null;
    p99Ms: number | null;
    /** Waiting and Running videos, and Connections; null where nobody looked. */
    waiting: number | null;
    running: number | null;
    connections: number | null;
}
/** Base is what every payload about a video carries, beside "seq". */
export interface Base {
    organizationId: string;
    videoId: string;
    title: string;
    status: Status;
    attempt: number;
    rev: number;
    ts: Timestamp;
    /** BatchID names the batch that the video came with; absent for one that came alone. */
    batchId?: string;
}
/** Queued is the payload of video:queued. While a video waits it is sent again, to those who watch the video, when its place has changed: with the same rev. */
export interface Queued extends Base {
    /** QueuePosition is 1 for the next to be worked on, null when not known. */
    queuePosition: number | null;
}
/** Progress is the payload of video:progress. Progress is overall, 0 to 100, and never falls within an attempt: each stage has its band, in which it moves with the work that is done. StageProgress is 0 to 100 within Stage: the share of its expected time that is over. */
export interface Progress extends Base {
    stage: Stage;
    progress: number;
    stageProgress: number;
    message: string;
    /** EtaSeconds and EtaHighSeconds are until the outcome: half of all videos are done within the first, nine in ten within the second. Null when nothing can be said. */
    etaSeconds: number | null;
    etaHighSeconds: number | null;
    /** Retry counts how often the stage was put off because of trouble that may pass; RetryAt is when it begins again, null while it runs. */
    retry: number;
    retryAt: Timestamp | null;
    /** Segments are those that the sensitivity stage has found so far, at most 32, those with the highest scores; empty in other stages. */
    segments: SensitivitySegment[] | null;
}
/** Processed is the payload of video:processed. */
export interface Processed extends Base {
    progress: number;
    metadata: Metadata | null;
    thumbnail: string | null;
    placeholder: string | null;
    storyboard: string | null;
    sensitivity: Sensitivity | null;
    warnings: Warning[] | null;
    playback: Playback | null;
}
/** Failed is the payload of video:failed. */
export interface Failed extends Base {
    error: string;
    code: Code;
    stage: Stage;
}
/** Changed is the payload of video:cancelled and video:deleted. */
export type Changed = Base;
/** Updated is the payload of video:updated: the whole document. */
export interface Updated extends Base {
    video: VideoDocument;
}
/** UploadBase is what every payload about an upload carries, beside "seq". */
export interface UploadBase {
    organizationId: string;
    uploadId: string;
    /** Key is what the uploader called the upload before it had an id, or "": a client knows its own by it, also before the answer with the id is there. */
    key: string;
    /** Title is "" while it is not known. */
    title: string;
    fileName: string;
    userId: string;
    /** Received and Size are in bytes. Size is what the uploader announced: of a plain form it is the whole request's, a little more than the file's. */
    received: number;
    size: number;
    ts: Timestamp;
}
/** UploadProgress is the payload of upload:progress: a file is on its way in, and no video yet. It is sent at most twice a second for each upload, and not at all for one that is through in a moment. */
export type UploadProgress = UploadBase;
/** UploadFinished is the payload of upload:finished: the file has become a video. */
export interface UploadFinished extends UploadBase {
    videoId: string;
}
/** UploadCancelled is the payload of upload:cancelled: the file was given up, by its sender or by a limit, and no video comes of it. */
export type UploadCancelled = UploadBase;
/** Message is the payload of server:announcement and notification:personal. Message is plain text: lines, and nothing that a page may take for HTML. */
export interface Message {
    id: string;
    organizationId: string;
    ts: Timestamp;
    message: string;
    level: Level;
    /** ExpiresAt is when it need not be shown any more; null for never. */
    expiresAt: Timestamp | null;
    /** From is the user who has sent it; "" for the operator of the server. */
    from: string;
}
/** Chat is the payload of chat:message. Text is plain, as in Message. */
export interface Chat {
    /** ID is the sender's own, or made here; with UserID it is unique. */
    id: string;
    organizationId: string;
    ts: Timestamp;
    text: string;
    userId: string;
}
/** AuthExpiring is the payload of auth:expiring. */
export interface AuthExpiring {
    expiresAt: Timestamp;
}
/** StreamReady is the payload of stream:ready, the first event of a connection: what follows Cursor comes live. Recovered says that what was missed before has just been delivered. */
export interface StreamReady {
    recovered: boolean;
    cursor: string;
}
/** StreamReset is the payload of stream:reset: events are gone, so the present state must be fetched; what follows Cursor will come. Reason is "lost" (the log was lost), "expired" (the place is too old) or "session" (the session to be taken up again is not known). */
export interface StreamReset {
    reason: string;
    cursor: string;
}
/** What the server sends: the payload, and last the cursor. */
export interface ServerToClientEvents {
    /** a video waits for its work */
    "video:queued": (payload: Queued & Logged, cursor: Cursor) => void;
    /** the work goes on, or is put off */
    "video:progress": (payload: Progress & Logged, cursor: Cursor) => void;
    /** the outcome: all is known */
    "video:processed": (payload: Processed & Logged, cursor: Cursor) => void;
    /** the outcome: why it could not be processed */
    "video:failed": (payload: Failed & Logged, cursor: Cursor) => void;
    /** the outcome: somebody ended the work */
    "video:cancelled": (payload: Changed & Logged, cursor: Cursor) => void;
    /** the video is gone */
    "video:deleted": (payload: Changed & Logged, cursor: Cursor) => void;
    /** something else has changed: the whole document */
    "video:updated": (payload: Updated & Logged, cursor: Cursor) => void;
    /** the operator says something to everybody */
    "server:announcement": (payload: Message & Logged, cursor: Cursor) => void;
    /** something for one user */
    "notification:personal": (payload: Message & Logged, cursor: Cursor) => void;
    /** a member says something to the organization */
    "chat:message": (payload: Chat & Logged, cursor: Cursor) => void;
    /** a file is on its way in */
    "upload:progress": (payload: UploadProgress & Logged, cursor: Cursor) => void;
    /** it has become a video */
    "upload:finished": (payload: UploadFinished & Logged, cursor: Cursor) => void;
    /** nothing comes of it */
    "upload:cancelled": (payload: UploadCancelled & Logged, cursor: Cursor) => void;
    /** the token ends soon */
    "auth:expiring": (payload: AuthExpiring, cursor?: Cursor) => void;
    /** what follows comes live */
    "stream:ready": (payload: StreamReady, cursor?: Cursor) => void;
    /** events are gone: fetch the present state */
    "stream:reset": (payload: StreamReset, cursor?: Cursor) => void;
}
/** The words and the code of a refusal. */
export interface Refusal {
    code: Code;
    message: string;
    /** Seconds to wait, for what a limit refused. */
    retryAfter?: number;
}
/** The ack of video:subscribe: the present state, and the place it stands at. Reset tells that not every event after the place that was asked for is kept. */
export type SubscribeAck = {
    ok: true;
    video: VideoDocument;
    cursor: Cursor;
    reset?: boolean;
} | {
    ok: false;
    error: Refusal;
};
/** The ack of auth:refresh: when the token that was taken ends. */
export type RefreshAck = {
    ok: true;
    expiresAt: Timestamp;
} | {
    ok: false;
    error: Refusal;
};
/** The ack of every other request. */
export type Ack = {
    ok: true;
} | {
    ok: false;
    error: Refusal;
};
/** The ack of a request that changes a video. */
export type VideoAck = {
    ok: true;
    video?: VideoDocument;
    cursor?: Cursor;
} | {
    ok: false;
    error: Refusal;
};
/** The ack of chat:message: the message's id, and its place. */
export type ChatAck = {
    ok: true;
    id: string;
    cursor: Cursor;
} | {
    ok: false;
    error: Refusal;
};
/** What a client may send; every ack may be left out. */
export interface ClientToServerEvents {
    "video:subscribe": (video: string | {
        videoId: string;
        after?: Cursor;
    }, ack?: (answer: SubscribeAck) => void) => void;
    "video:unsubscribe": (video: string | {
        videoId: string;
    }, ack?: (answer: Ack) => void) => void;
    "video:cancel": (video: string | {
        videoId: string;
    }, ack?: (answer: VideoAck) => void) => void;
    "video:retry": (video: string | {
        videoId: string;
    }, ack?: (answer: VideoAck) => void) => void;
    "auth:refresh": (refresh: {
        token: string;
    }, ack?: (answer: RefreshAck) => void) => void;
    "chat:message": (message: {
        text: string;
        id?: string;
    }, ack?: (answer: ChatAck) => void) => void;
}
/** The answer of GET /api/videos: events after cursor complete the picture. */
export interface VideoList {
    data: VideoDocument[];
    /** "" or null on the last page. */
    nextCursor: string | null;
    cursor: Cursor;
}
/** The answer of GET /api/videos/counts: events after cursor may have changed it. */
export interface VideoCounts {
    total: number;
    /** Every status but deleted. */
    status: Record<Exclude<Status, "deleted">, number>;
    /** Of the verdicts that hold: a video without one counts in none. */
    verdict: Record<Verdict, number>;
    cursor: Cursor;
}
/** An error over HTTP (RFC 9457, application/problem+json). */
export interface Problem {
    type?: string;
    title?: string;
    status?: number;
    detail?: string;
    code: Code;
    requestId?: string;
}
