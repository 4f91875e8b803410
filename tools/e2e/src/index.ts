export { type Answer, ApiCaller, type CallOptions } from './api.caller.js';
export { importCommand, importsFile } from './import-command.js';
export { type CaughtMail } from './mail.box.js';
export { type Platform, type PlatformChoice, sharedPlatform, startPlatform } from './platform.js';
export { realDays } from './real-days.js';
export { ServiceProcess } from './service.process.js';
export { type OrderBody, ShopFixture } from './shop.fixture.js';
export { picture, TestBrowser } from './test.browser.js';
