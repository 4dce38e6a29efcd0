PRAGMA user_version = 17;
BEGIN TRANSACTION;
CREATE TABLE attempt (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    number INTEGER NOT NULL,
    outcome BLOB NOT NULL, granted INTEGER,              -- wire: outcome, without its metrics
    PRIMARY KEY (task_id, number)
) WITHOUT ROWID;
INSERT INTO "attempt" VALUES(4294967298,1,X'8004957100000000000000288C066661696C6564944E288C06726169736564948C0A56616C75654572726F72948C056669727374948C0D54726163656261636B202E2E2E944303505301948874942847408F440000000000473FD00000000000004700000000000000004B004B004B0074944E298C0277319474942E',1);
CREATE TABLE cache (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    content BLOB NOT NULL,              -- the key without its code
    step TEXT NOT NULL,
    code INTEGER NOT NULL,              -- code.id
    task TEXT NOT NULL,                 -- that made it
    stored_at REAL NOT NULL,
    used_at REAL NOT NULL,
    size INTEGER NOT NULL,              -- of the result, in bytes
    result BLOB NOT NULL,               -- wire: stored
    metrics BLOB                        -- wire: (metric, ...); NULL: none
, records BLOB);
INSERT INTO "cache" VALUES(1,X'021286574F78101012D10B05918E7F1198CEF01828B9718B3239EF9F05D546FA0B',X'0236527241C4575E3B5E0DDBEF96829FF1991751325CE57053656629B4C44EAAE9','digits.train',1,'digits/1/train/1',1000.0,1000.0,24,X'8004957A00000000000000284321026D901F05646C4418781D4501C47B804C224A6704A571807C78928218D7068A7F94430750530100276127948C197B2274797065223A22696E74222C2274657874223A2261227D94432102D77BF3D46A5D814A59816B263109F312CF1602855E45C5A4DB6845F3ED2AEF2C9485944B188C00942974942E',X'8004955700000000000000288C046C6F7373944B01473FE00000000000004B0347401C000000000000473FE00000000000004B0347401C000000000000473FE0000000000000473FE00000000000004B004B034B008C00944300944B00749485942E',X'800495C100000000000000288C07646973706C6179948C046C6F7373944B0347408F4800000000008C157B226D65646961223A22696D6167652F706E67227D9428432102C411D5F4423328C848AF9EE2F5E1B1210840E2A85092EF36256B8300029DACC294430C505301002766696775726527948C1E7B2274797065223A22696E74222C2274657874223A22666967757265227D94432102C6F63406A697E65BD1E10BAB727E862BFF332D08B077FEE284350995214CD62E9485944B188C009429680874948594749485942E');
CREATE TABLE cache_blob (
    cache_id INTEGER NOT NULL REFERENCES cache ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (cache_id, digest)
) WITHOUT ROWID;
INSERT INTO "cache_blob" VALUES(1,X'02D77BF3D46A5D814A59816B263109F312CF1602855E45C5A4DB6845F3ED2AEF2C');
CREATE TABLE cache_claim (
    key BLOB PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    token INTEGER NOT NULL,
    task TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "cache_claim" VALUES(X'02C50590EA360B9D552CA1D5EC9138AEB944DDD242AD097364500627BC2DE6052D',1,1,'digits/1/train/9');
CREATE TABLE code (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    tree BLOB NOT NULL
);
INSERT INTO "code" VALUES(1,X'02B2AF6A9066AD9C73E56D86F889C5BA579C50851EDAEDB44D49286B3F530B7060',X'74726565');
CREATE TABLE driver (
    run_id INTEGER NOT NULL,
    token INTEGER NOT NULL,
    started_at REAL NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    python TEXT NOT NULL,
    packages BLOB,                      -- package_set.digest; NULL: none known
    argv BLOB,                          -- wire: (word, ...)
    cwd TEXT NOT NULL, ended_at REAL,
    PRIMARY KEY (run_id, token)
) WITHOUT ROWID;
INSERT INTO "driver" VALUES(1,1,1000.0,'elsewhere',4711,'b3-12','3.11.7 CPython',X'6A8001A54631161021669677520C3500',X'80049520000000000000008C0870656E73746F636B948C0372756E948C096469676974732E70799487942E','/src',NULL);
CREATE TABLE environment (
    digest TEXT PRIMARY KEY,            -- of the lock
    lock TEXT NOT NULL                  -- as `environments` writes it
) WITHOUT ROWID;
INSERT INTO "environment" VALUES('b3-1111111111111111111111111111111111111111111111111111111111111111','# penstock lock 1
');
CREATE TABLE far_place (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    project TEXT NOT NULL,              -- name of the folder there
    mark TEXT NOT NULL,                 -- what this journal has written there last, to own it; '' nothing
    next_mark TEXT NOT NULL,            -- what was about to be written in the place of that
    UNIQUE (url, project)
);
INSERT INTO "far_place" VALUES(1,'file:///shared','digits-0a1b2c3d','2 9f86d081','3 00c0ffee');
CREATE TABLE flow (
    name TEXT PRIMARY KEY,
    last_number INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "flow" VALUES('digits',1);
CREATE TABLE granted (
    id INTEGER PRIMARY KEY,
    executor TEXT NOT NULL,
    cpu REAL NOT NULL,
    memory_bytes INTEGER NOT NULL,      -- 0: not limited
    gpu INTEGER NOT NULL,
    timeout_s REAL NOT NULL,            -- 0: any time
    lanes INTEGER NOT NULL,             -- at once, each with all of this
    UNIQUE (executor, cpu, memory_bytes, gpu, timeout_s, lanes)
);
INSERT INTO "granted" VALUES(1,'process',2.0,2147483648,0,60.0,1);
INSERT INTO "granted" VALUES(2,'process',2.0,4294967296,0,60.0,1);
CREATE TABLE in_flight (
    run_id INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
    tasks TEXT NOT NULL                 -- JSON: a list of (number in the run, name, status, since, attempt, executor)
);
INSERT INTO "in_flight" VALUES(1,'[[3,"train/3","running",1001.5,1,"process"]]');
CREATE TABLE intent (
    task_id INTEGER PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,           -- the latest; an earlier one is over
    executor TEXT NOT NULL,
    handle TEXT                         -- by which the executor finds it; NULL: its id is enough, or nothing was said
);
INSERT INTO "intent" VALUES(4294967299,1,'cluster','job 7');
CREATE TABLE lease (
    run_id INTEGER PRIMARY KEY,
    token INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    renewals INTEGER NOT NULL,
    renewed_monotonic REAL NOT NULL,    -- the owner's CLOCK_MONOTONIC
    renewed_at REAL NOT NULL,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_started TEXT NOT NULL,
    counts TEXT                         -- JSON: [[step, waiting, running, done, failed, reused], ...]; NULL: unknown
);
INSERT INTO "lease" VALUES(1,1,0,1,6.0,1001.0,'elsewhere','boot-1',4711,'99@1','[["train",0,1,1,1,0]]');
CREATE TABLE metric (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    driver INTEGER NOT NULL,            -- under which it was logged; 0: by a Penstock that did not note it
    name TEXT NOT NULL,
    points INTEGER NOT NULL,            -- how many
    last REAL,                          -- by time; NULL: NaN, as in the other numbers
    last_step INTEGER,                  -- NULL: none
    last_at REAL NOT NULL,
    first REAL,
    first_step INTEGER,
    first_at REAL NOT NULL,
    smallest REAL,
    largest REAL,
    nonfinite INTEGER NOT NULL,         -- how many are NaN or infinite
    least_step INTEGER,                 -- the smallest of the steps; NULL: one of them has none
    file TEXT,                          -- of the points, among the run's logs; "rows": they are in old_point; NULL: none
    blob BLOB,                          -- of the points; NULL: none
    size INTEGER,                       -- of the blob
    PRIMARY KEY (task_id, attempt, driver, name)
) WITHOUT ROWID;
INSERT INTO "metric" VALUES(4294967297,1,0,'loss',1,0.5,3,7.0,0.5,3,7.0,0.5,0.5,0,3,NULL,NULL,NULL);
CREATE TABLE metric_fact (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    step TEXT NOT NULL,                 -- step.name; '': the flow's own body
    first REAL,                         -- of the first of its tasks
    first_task INTEGER NOT NULL,        -- its number in the run
    last REAL,                          -- by time
    last_at REAL NOT NULL,
    last_task INTEGER NOT NULL,
    smallest REAL,
    largest REAL,
    PRIMARY KEY (run_id, name, step)
) WITHOUT ROWID;
INSERT INTO "metric_fact" VALUES(1,'loss','train',0.5,1,0.5,7.0,1,0.5,0.5);
CREATE TABLE old_point (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- the smallest integer: none
    at REAL NOT NULL,
    value REAL,                         -- NULL: not a number
    PRIMARY KEY (task_id, attempt, name, step, at)
) WITHOUT ROWID;
INSERT INTO "old_point" VALUES(4294967297,1,'loss',3,7.0,0.5);
CREATE TABLE old_run_point (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- the smallest integer: none
    at REAL NOT NULL,
    value REAL                          -- NULL: not a number
);
CREATE TABLE package_set (
    digest BLOB PRIMARY KEY,            -- BLAKE2b, 16 bytes
    packages BLOB NOT NULL              -- wire: ((name, version), ...)
);
INSERT INTO "package_set" VALUES(X'6A8001A54631161021669677520C3500',X'80049513000000000000008C056E756D7079948C03322E3094869485942E');
CREATE TABLE param (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,                 -- int, float, bool, str, NoneType; enum: the name of a member; path
    value,                              -- NULL: None, or not a number
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
INSERT INTO "param" VALUES(1,'rows','int',500);
CREATE TABLE pin (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    made_at REAL NOT NULL,
    value BLOB NOT NULL                 -- wire: stored
);
INSERT INTO "pin" VALUES(1,'model/wide/1',1003.0,X'8004957A00000000000000284321026D901F05646C4418781D4501C47B804C224A6704A571807C78928218D7068A7F94430750530100276127948C197B2274797065223A22696E74222C2274657874223A2261227D94432102D77BF3D46A5D814A59816B263109F312CF1602855E45C5A4DB6845F3ED2AEF2C9485944B188C00942974942E');
CREATE TABLE pin_blob (
    pin_id INTEGER NOT NULL REFERENCES pin ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (pin_id, digest)
) WITHOUT ROWID;
INSERT INTO "pin_blob" VALUES(1,X'02D77BF3D46A5D814A59816B263109F312CF1602855E45C5A4DB6845F3ED2AEF2C');
CREATE TABLE recorded (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    task INTEGER NOT NULL,              -- its number in the run, or that of a nested flow; 0: the flow's own body
    kind TEXT NOT NULL,                 -- display, tag, name, note
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- of the series that all of this name are; the smallest integer: none
    driver INTEGER NOT NULL,            -- under which it was recorded
    at REAL NOT NULL,
    data TEXT NOT NULL,                 -- JSON
    stored BLOB,                        -- wire: (stored, ...); NULL: none
    UNIQUE (run_id, task, kind, name, step)
);
INSERT INTO "recorded" VALUES(1,1,1,'display','loss',3,1,1001.0,'{"media":"image/png"}',X'800495880000000000000028432102C411D5F4423328C848AF9EE2F5E1B1210840E2A85092EF36256B8300029DACC294430C505301002766696775726527948C1E7B2274797065223A22696E74222C2274657874223A22666967757265227D94432102C6F63406A697E65BD1E10BAB727E862BFF332D08B077FEE284350995214CD62E9485944B188C0094296805749485942E');
INSERT INTO "recorded" VALUES(2,1,0,'note','',-9223372036854775808,1,1001.5,'{"text":"odd"}',NULL);
CREATE TABLE revision (
    latest INTEGER NOT NULL,            -- of all runs
    removed INTEGER NOT NULL            -- when a run was removed last
);
INSERT INTO "revision" VALUES(2,1);
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    flow TEXT NOT NULL,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL NOT NULL,           -- of the latest driver
    ended_at REAL                       -- NULL: not ended
, nonce TEXT, revision INTEGER NOT NULL DEFAULT 0, name TEXT, note TEXT);
INSERT INTO "run" VALUES(1,'digits',1,'failed',1000.0,1000.0,1002.0,'00112233aabbccdd',2,'baseline','odd');
CREATE TABLE run_blob (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;
INSERT INTO "run_blob" VALUES(1,X'02C4C182B010C0754F07FFCD5D5DB3F624BF9EB367921BF5863D994BF6DD4F2D92');
INSERT INTO "run_blob" VALUES(1,X'02C6F63406A697E65BD1E10BAB727E862BFF332D08B077FEE284350995214CD62E');
INSERT INTO "run_blob" VALUES(1,X'02D77BF3D46A5D814A59816B263109F312CF1602855E45C5A4DB6845F3ED2AEF2C');
CREATE TABLE run_detail (
    run_id INTEGER PRIMARY KEY,
    module TEXT NOT NULL,
    qualname TEXT NOT NULL,
    file TEXT NOT NULL,
    params BLOB,                        -- wire: ((name, stored), ...); NULL: none
    result BLOB,                        -- wire: stored
    error BLOB                          -- wire: error
, origin BLOB, seed TEXT, form INTEGER NOT NULL DEFAULT 1, schema TEXT);
INSERT INTO "run_detail" VALUES(1,'digits','digits','/src/digits.py',X'80049561000000000000008C04726F77739428432102785FDBC99B5095542B8AB47D7D53EE56DFE742DFAE84C3CE00DE5CA0F247DC3994430750530100353030948C1B7B2274797065223A22696E74222C2274657874223A22353030227D94294B188C00947494869485942E',NULL,X'8004953600000000000000288C06726169736564948C0A56616C75654572726F72948C026E6F948C0D54726163656261636B202E2E2E944303505301948874942E',X'8004951D00000000000000288C086469676974732F30944B098C05747261696E94888C009474942E','7',2,'{"type":"object"}');
CREATE TABLE run_environment (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    wish TEXT NOT NULL,                 -- digest of what was asked for
    digest TEXT NOT NULL,               -- of the lock that was made of it
    PRIMARY KEY (run_id, wish)
) WITHOUT ROWID;
INSERT INTO "run_environment" VALUES(1,'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww','b3-1111111111111111111111111111111111111111111111111111111111111111');
CREATE TABLE run_metric (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    driver INTEGER NOT NULL,            -- under which it was logged; 0: by a Penstock that did not note it
    name TEXT NOT NULL,
    points INTEGER NOT NULL,            -- how many
    last REAL,                          -- by time; NULL: NaN, as in the other numbers
    last_step INTEGER,                  -- NULL: none
    last_at REAL NOT NULL,
    first REAL,
    first_step INTEGER,
    first_at REAL NOT NULL,
    smallest REAL,
    largest REAL,
    nonfinite INTEGER NOT NULL,         -- how many are NaN or infinite
    least_step INTEGER,                 -- the smallest of the steps; NULL: one of them has none
    file TEXT,                          -- of the points, among the run's logs; "rows": they are in old_run_point; NULL: none
    blob BLOB,                          -- of the points; NULL: none
    size INTEGER,                       -- of the blob
    PRIMARY KEY (run_id, driver, name)
) WITHOUT ROWID;
CREATE TABLE scope (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    id INTEGER NOT NULL,
    parent INTEGER NOT NULL,            -- scope.id; 0: the run's own flow
    flow TEXT NOT NULL,                 -- module-qualified name
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    key BLOB NOT NULL,
    status TEXT NOT NULL,
    inputs BLOB,                        -- wire: inputs, without trailing defaults
    began_at REAL NOT NULL,
    ended_at REAL NOT NULL,             -- 0: it has not
    result BLOB,                        -- wire: stored
    error BLOB,                         -- wire: error
    settled INTEGER NOT NULL,           -- as a task's; 0: its caller has waited
    PRIMARY KEY (run_id, id)
) WITHOUT ROWID;
INSERT INTO "scope" VALUES(1,4,0,'digits.inner','inner',1,X'02CCA0E94E60FD98C2A1F4343D12C8A3C47EBCD68940455DF2A09452684CBCECBC','done',X'8004955500000000000000288C0573706C697494432102BFC9C51F40BF4565653AE938F3E0763C9032A0A21DC8943FE51014A4EDAF7199944E4B018C046974656D948C01789486948C0461747472948C0179948694869486948594749485942E',1001.0,1002.0,X'8004957A00000000000000284321026D901F05646C4418781D4501C47B804C224A6704A571807C78928218D7068A7F94430750530100276127948C197B2274797065223A22696E74222C2274657874223A2261227D94432102D77BF3D46A5D814A59816B263109F312CF1602855E45C5A4DB6845F3ED2AEF2C9485944B188C00942974942E',NULL,3);
CREATE TABLE shared_inputs (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    digest BLOB NOT NULL,               -- BLAKE2b of the bytes, 16 bytes
    inputs BLOB NOT NULL,               -- wire: inputs
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;
INSERT INTO "shared_inputs" VALUES(1,X'D11A579179B106F7079B30C47DCD6CA5',X'8004954800000000000000288C0573706C697494432102D4F691F50E08ABAD9BB08A8F2FCC223F024874D34623BAA936F6FE2C77006EA1944E4B018C046974656D948C0178948694859486948594749485942E');
CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    run_id INTEGER REFERENCES run ON DELETE SET NULL,   -- NULL: its run was removed, and its tasks are about to be
    step TEXT NOT NULL,                 -- module-qualified name
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    cached INTEGER, granted INTEGER,                     -- 1: its results serve other runs; NULL: no
    UNIQUE (run_id, step)
);
INSERT INTO "step" VALUES(1,1,'digits.train','train','s2-1',1,1);
CREATE TABLE tag (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;
INSERT INTO "tag" VALUES(1,'first');
INSERT INTO "tag" VALUES(1,'paper');
CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    step_id INTEGER NOT NULL REFERENCES step,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempt INTEGER,                    -- NULL: 1
    delivered INTEGER,                  -- 1: its failure was handed to the flow's body; NULL: no
    settled INTEGER,                    -- its place in the order in which its run's tasks settled; NULL: it has not
    began_at REAL,
    wall_s REAL,
    cpu_s REAL,
    peak_bytes INTEGER,                 -- NULL: 0, as in the next two
    read_bytes INTEGER,
    written_bytes INTEGER,
    size INTEGER,                       -- of the result; NULL: there is none
    key BLOB NOT NULL,
    digest BLOB,                        -- of the result; NULL: no result, or one without a stable form
    inputs_digest BLOB,                 -- NULL: unknown
    shared BLOB,                        -- shared_inputs.digest; NULL: none
    worker TEXT,
    log_file TEXT,                      -- NULL: nothing was logged
    log_start INTEGER,
    log_end INTEGER,
    culprit TEXT,
    preview TEXT,
    blobs BLOB,                         -- digests of the result's blobs, one after another
    error BLOB,                         -- wire: error
    inputs BLOB,                        -- wire: inputs, without trailing defaults
    record BLOB,
    code INTEGER,                       -- code.id; NULL: unknown
    origin TEXT,                        -- the task of another run whose result it took over; NULL: it ran
    why TEXT,                           -- why it ran; NULL: the rows tell
    symbols TEXT                        -- of the project inside the result, a line each; NULL: none
, revision INTEGER, scope INTEGER, map INTEGER, layout TEXT, granted INTEGER, waited_ms INTEGER);
INSERT INTO "task" VALUES(4294967297,1,1,'done',NULL,NULL,1,1000.5,0.25,0.125,4096,512,64,24,X'02173A9C08ECB6E856996632ECB1367AB4C80584AA974985AF932DC99701D1319E',X'026D901F05646C4418781D4501C47B804C224A6704A571807C78928218D7068A7F',X'024D20FE2414A482B7867D02BB278079F813BC2CEB4B6D25A1EC658E3FB96E3663',NULL,'w1','w1.log',10,20,NULL,'{"type":"int","text":"a"}',X'02D77BF3D46A5D814A59816B263109F312CF1602855E45C5A4DB6845F3ED2AEF2C02C4C182B010C0754F07FFCD5D5DB3F624BF9EB367921BF5863D994BF6DD4F2D92',NULL,X'8004959E00000000000000288C05646570746894432102DD3831F5A6EF4C523D61F90719638907C30BAD950F0FF779886C874A5381F9CA944305505301006994298C0E7B2274797065223A22696E74227D947494288C0573706C697494432102BFC9C51F40BF4565653AE938F3E0763C9032A0A21DC8943FE51014A4EDAF7199944E4B018C046974656D948C01789486948C0461747472948C0179948694869486948594749486942E',X'50530100276127',1,'digits/0/train/7','--refresh train','models:Model',NULL,NULL,NULL,'{"version":1,"kind":"none"}',NULL,NULL);
INSERT INTO "task" VALUES(4294967298,1,2,'failed',2,1,2,1000.5,0.25,0.0,NULL,NULL,NULL,NULL,X'02D9CC2D5AB196F315A3696F067BCAC385F69223EBC958040DDAFC38419412A98E',NULL,X'024D20FE2414A482B7867D02BB278079F813BC2CEB4B6D25A1EC658E3FB96E3663',X'D11A579179B106F7079B30C47DCD6CA5','w1',NULL,NULL,NULL,NULL,NULL,NULL,X'8004953600000000000000288C06726169736564948C0A56616C75654572726F72948C026E6F948C0D54726163656261636B202E2E2E944303505301948874942E',X'8004959E00000000000000288C05646570746894432102980985BDAEDD0C4041603696C7F9D4A0923026A6313CF657F3351AFF218F4C5C944305505301006994298C0E7B2274797065223A22696E74227D947494288C0573706C697494432102BFC9C51F40BF4565653AE938F3E0763C9032A0A21DC8943FE51014A4EDAF7199944E4B018C046974656D948C01789486948C0461747472948C0179948694869486948594749486942E',NULL,NULL,NULL,NULL,NULL,NULL,4,2,NULL,2,1500);
INSERT INTO "task" VALUES(4294967299,1,3,'running',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'0247CBF99C3A4075F93AFC0AAAE2B7071CC174A0D256351BAC15AF13E3EAE6120E',NULL,X'024D20FE2414A482B7867D02BB278079F813BC2CEB4B6D25A1EC658E3FB96E3663',X'D11A579179B106F7079B30C47DCD6CA5',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'8004959E00000000000000288C05646570746894432102CFF970548BA3AFDFFC4127D8D112EE012ADB1838C73F5E93BBB83CCEA454BAB9944305505301006994298C0E7B2274797065223A22696E74227D947494288C0573706C697494432102BFC9C51F40BF4565653AE938F3E0763C9032A0A21DC8943FE51014A4EDAF7199944E4B018C046974656D948C01789486948C0461747472948C0179948694869486948594749486942E',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE UNIQUE INDEX run_by_flow ON run (flow, number);
CREATE INDEX run_live ON run (id) WHERE status = 'running';
CREATE INDEX driver_by_packages ON driver (packages);
CREATE INDEX cache_by_content ON cache (content);
CREATE INDEX cache_by_step ON cache (step, stored_at);
CREATE INDEX step_by_name ON step (step, run_id);
CREATE INDEX cache_claim_by_run ON cache_claim (run_id);
CREATE INDEX run_by_revision ON run (revision);
CREATE INDEX task_by_digest ON task (digest) WHERE blobs IS NOT NULL;
CREATE INDEX task_by_step ON task (step_id, number, status, revision);
CREATE TRIGGER run_began AFTER INSERT ON run BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.id;
END;
CREATE TRIGGER lease_changed AFTER UPDATE ON lease BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.run_id;
END;
CREATE TRIGGER tag_added AFTER INSERT ON tag BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.run_id;
END;
CREATE TRIGGER tag_removed AFTER DELETE ON tag BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = OLD.run_id;
END;
CREATE TRIGGER run_removed AFTER DELETE ON run BEGIN
    UPDATE revision SET latest = latest + 1, removed = latest + 1;
END;
CREATE INDEX old_run_point_by_run ON old_run_point (run_id);
CREATE INDEX param_by_name ON param (name, value);
CREATE INDEX metric_fact_by_name ON metric_fact (name, step, last);
CREATE INDEX tag_by_tag ON tag (tag);
CREATE INDEX recorded_by_kind ON recorded (kind, name);
CREATE VIEW run_row AS
SELECT run.id, run.flow, run.number, run.status, run.created_at, run.started_at, run.ended_at,
    lease.token, lease.renewals, lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid,
    lease.process_started, lease.cancel_requested, lease.counts,
    (SELECT group_concat(tag, char(10)) FROM tag WHERE tag.run_id = run.id) AS tags, run.nonce,
    (SELECT sum(max(0, ended_at - started_at)) FROM driver WHERE driver.run_id = run.id) AS earlier_s, run.revision,
    run.name, run.note
FROM run JOIN lease ON lease.run_id = run.id;
CREATE TRIGGER run_changed AFTER UPDATE OF status, name, note ON run BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.id;
END;
CREATE INDEX task_undone ON task (step_id, status) WHERE status <> 'done';
CREATE INDEX task_copied ON task (step_id) WHERE origin IS NOT NULL;
CREATE INDEX task_in_scope ON task (step_id, scope, status) WHERE scope IS NOT NULL;
CREATE INDEX task_first_of_map ON task (step_id) WHERE map = (id & 4294967295);
CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.symbols, task.origin, task.why, code.digest AS code, task.step_id,
    coalesce(task.revision, task.id & 4294967295) AS revision, task.layout, task.waited_ms,
    granted.executor, granted.cpu, granted.memory_bytes, granted.gpu, granted.timeout_s, granted.lanes
FROM task JOIN step ON step.id = task.step_id LEFT JOIN code ON code.id = task.code
    LEFT JOIN granted ON granted.id = task.granted;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',1);
COMMIT;
